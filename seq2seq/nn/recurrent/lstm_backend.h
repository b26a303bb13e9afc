#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/nn/recurrent/lstm_layer.h"

namespace seq2seq::nn {

/// One way to compute an LSTM layer over packed rows, forward and backward. Only the backend that made them can read
/// the data it keeps and the rows it returns for the weights' gradients. Functions as in Cell.
class LstmBackend {
 public:
  virtual ~LstmBackend() = default;
  virtual std::string_view name() const = 0;
  /// Returns the reason why it cannot compute this input; empty if it can.
  virtual std::string refusal(const CellInput& input, const Steps& steps) const = 0;
  virtual CellOutput forward(const LstmWeights& weights, const CellInput& input, const Steps& steps) const = 0;
  virtual CellGradient backward(const LstmWeights& weights, const CellInput& input, const CellOutput& output,
                                const CellOutputGradient& output_gradient, const Steps& steps, bool x_wanted) const = 0;
  /// Returns true if its backward() returned these rows.
  virtual bool left(const std::vector<at::Tensor>& rows) const = 0;
  virtual std::vector<at::Tensor> weight_gradients(const LstmWeights& weights, const std::vector<at::Tensor>& rows,
                                                   const std::vector<bool>& wanted) const = 0;
};

/// Returns the backends in order of preference. `cudnn`: cuDNN, on a GPU, if SEQ2SEQ_GPU_KERNELS names it. `equations`:
/// our kernels for float32 on the CPU, and LibTorch's operations otherwise; works with every input.
std::vector<const LstmBackend*> lstm_backends();
/// Returns the first backend that can compute the input.
const LstmBackend& lstm_backend(const CellInput& input, const Steps& steps);

/// The two backends, both without state.
const LstmBackend& lstm_by_cudnn();
const LstmBackend& lstm_by_equations();

}  // namespace seq2seq::nn
