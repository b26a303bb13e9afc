#pragma once

#include <string>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace seq2seq::nn {

/// Precision of a model's products. Parameters, states, losses and updates are always float32.
enum class Precision {
  float32,
  tf32,  // operands with 10 bits of fraction, by the tensor cores of a GPU
  bf16,  // 16 bits, 7 of fraction, in output and LSTM layers (on a GPU by cuDNN); other layers tf32, on the CPU float32
};

/// The type of the parameters of trained models, in every precision.
inline constexpr auto parameter_type = c10::kFloat;

/// Returns the reason why a device cannot compute in this precision, or an empty string.
std::string precision_refusal(Precision precision, c10::Device device);

/// Returns a warning for a processor that multiplies `speed` times as fast in bf16 as in float32; empty if bf16 is
/// faster.
std::string slow_bf16_warning(double speed);

/// Sets the precision of products in the whole process, including LibTorch's own switch for TF32.
void set_precision(Precision precision);
Precision current_precision();

}  // namespace seq2seq::nn
