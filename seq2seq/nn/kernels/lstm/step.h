#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/operands.h"

namespace seq2seq::nn::kernels {

/// One step of an LSTM for `rows` sentences of `cells` cells: the sums gain h' W', then c = f * c' + i * g and
/// h = o * tanh(c).
struct LstmStep {
  const float* hidden_before;  // [rows, cells] h'
  const float* cell_before;    // [rows, cells] c'
  float* gates;   // [rows, 4 * cells] i f g o as in torch.nn.LSTM. in: x W_ih' + b; out: after their activations
  float* cell;    // [rows, cells] c
  float* hidden;  // [rows, cells] h
  int64_t rows;
  int64_t cells;
};

/// The backward pass of LstmStep without its matrix product. With t = tanh(c): dc += dh o (1 - t^2), then the
/// derivatives of the gates' sums and dc' = f dc.
struct LstmStepGradient {
  const float* gates;        // [rows, 4 * cells] as LstmStep leaves them
  const float* cell_before;  // [rows, cells]
  const float* cell;         // [rows, cells]
  const float* from_above;   // [rows, cells] gradient of h from the layer above; null: zero
  const float* from_later;   // [rows, cells] gradient of h from the next step
  float* gate_gradient;      // [rows, 4 * cells] out
  float* cell_gradient;      // [rows, cells] in: gradient of c from the next step; out: of c'
  int64_t rows;
  int64_t cells;
};

/// The cells [first, last) that a call works on.
struct Cells {
  int64_t first, last;
};

/// Every function does the part of `own` cells alone, whose first is a multiple of `share`, for one thread.
struct LstmKernels {
  int64_t share;
  /// Lays the recurrent weight [4 * cells, cells] out for `forward`, into packed_size(cells) floats.
  void (*pack)(const float* weight, int64_t cells, Cells own, float* packed);
  /// Reads h' of every cell, so threads must synchronize before it.
  void (*forward)(const LstmStep& step, const float* packed, Cells own);
  /// Reads only its own cells; needs no synchronization.
  void (*backward)(const LstmStepGradient& step, Cells own);

  int64_t packed_size(int64_t cells) const { return 4 * cells * ((cells + share - 1) / share * share); }
};

/// No function pointer is null, for any instruction set. In bf16, avx512 needs a processor with AVX512-BF16
/// (has_bf16_products()), and all lower sets are the reference. In float32, amx is avx512.
LstmKernels lstm_kernels(Isa isa = best_isa(), Operands operands = Operands::float32);

}  // namespace seq2seq::nn::kernels
