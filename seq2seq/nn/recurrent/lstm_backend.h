#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/nn/recurrent/lstm_layer.h"

namespace seq2seq::nn {

/// One way to compute an LSTM layer over packed rows, and its way back. Each has a tape of its own: what it keeps, and
/// what it leaves for the weights' gradients, only it can read. Functions as in Cell.
class LstmBackend {
 public:
  virtual ~LstmBackend() = default;
  virtual std::string_view name() const = 0;
  /// Why it does not compute this; empty: it does.
  virtual std::string refusal(const CellInput& input, const Steps& steps) const = 0;
  virtual CellOutput forward(const LstmWeights& weights, const CellInput& input, const Steps& steps) const = 0;
  virtual CellGradient backward(const LstmWeights& weights, const CellInput& input, const CellOutput& output,
                                const CellReaching& reaching, const Steps& steps, bool x_wanted) const = 0;
  /// True if its backward() left these rows.
  virtual bool left(const std::vector<at::Tensor>& rows) const = 0;
  virtual std::vector<at::Tensor> weight_gradients(const LstmWeights& weights, const std::vector<at::Tensor>& rows,
                                                   const std::vector<bool>& wanted) const = 0;
};

/// In the order in which they are asked. `cudnn`: cuDNN, on a GPU, where SEQ2SEQ_GPU_KERNELS names it. `equations`: our
/// kernels for float32 on the CPU, and LibTorch's operations elsewhere; refuses nothing.
std::vector<const LstmBackend*> lstm_backends();
/// The first that does not refuse.
const LstmBackend& lstm_backend(const CellInput& input, const Steps& steps);

/// The two, each without state.
const LstmBackend& lstm_by_cudnn();
const LstmBackend& lstm_by_equations();

}  // namespace seq2seq::nn
