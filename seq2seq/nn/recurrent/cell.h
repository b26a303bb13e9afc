#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/deferred.h"
#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/nn/recurrent/steps.h"

namespace seq2seq::nn {

/// Inputs of a cell for some steps. All tensors are contiguous; sentences are in sorted order, S at the first step.
struct CellInput {
  at::Tensor x;                             // [N, I]
  State before;                             // [S, width of the part] before the first step
  const PreparedWeights* panels = nullptr;  // result of Cell::panels(), or null; does not change results
};

/// Outputs of a cell.
struct CellOutput {
  at::Tensor rows;  // [N, W]
  /// [S, width of the part] after each sentence's own last step. A part that equals the rows of a single step is `rows`
  /// itself.
  State last;
  std::vector<at::Tensor> kept;  // kept for the backward pass, beside the input, the rows and the last state
};

/// Gradients of a cell's outputs; undefined: none.
struct CellOutputGradient {
  at::Tensor rows;
  State last;
};

/// Returns a copy of the gradient of a part of the last state, or zeros: a sentence enters the backward pass at its own
/// last step.
at::Tensor state_gradient(const CellOutputGradient& output_gradient, const CellInput& input, size_t part);

/// Gradients of a cell's inputs.
struct CellGradient {
  at::Tensor x;  // [N, I]; undefined if not wanted
  State before;
  std::vector<at::Tensor> rows;  // [N, ...] inputs of Cell::weight_gradients()
};

/// The equations of a recurrent layer over packed rows and their derivatives, without the autograd engine. The
/// derivatives of the weights are computed separately, for the rows of many steps at once.
class Cell {
 public:
  virtual ~Cell() = default;
  /// Returns the parameters in order of registration.
  virtual std::vector<at::Tensor> parameters() const = 0;
  virtual StateShape state_shape() const = 0;
  virtual int64_t width() const = 0;  // W: of the output rows
  virtual CellOutput forward(const CellInput& input, const Steps& steps) const = 0;
  /// `output`: result of forward() for this input. `x_wanted`: whether to compute the derivative with respect to x.
  virtual CellGradient backward(const CellInput& input, const CellOutput& output,
                                const CellOutputGradient& output_gradient, const Steps& steps, bool x_wanted) const = 0;
  /// Returns the derivatives with respect to the parameters, from the joined rows that backward() returned for any
  /// number of steps. Those that are not wanted may stay undefined.
  virtual std::vector<at::Tensor> weight_gradients(const std::vector<at::Tensor>& rows,
                                                   const std::vector<bool>& wanted) const = 0;
  /// Returns the weights laid out for calls of few steps each; with `both_ways` for the backward pass, too. Null if
  /// that is no faster.
  virtual std::shared_ptr<const PreparedWeights> panels(bool /*both_ways*/) const { return nullptr; }
};

struct DroppedCell;  // cell_layer.cc

/// Data of a cell prepared for many calls.
struct CellPrepared final : PreparedWeights {
  std::shared_ptr<const PreparedWeights> panels;       // null: none
  std::shared_ptr<const Deferred> deferred;            // for the weights' gradients; null: each call computes them
  mutable std::shared_ptr<const DroppedCell> dropped;  // the cell with the weights that these calls did not drop
};

/// Collects the weights' gradients of all runs that use the result.
std::shared_ptr<const Deferred> defer_weight_gradients(const std::shared_ptr<const Cell>& cell);

/// Runs a cell as one function of the autograd engine. `before`: in sorted order. `prepared`: for this cell, or null.
CellOutput run_cell(const std::shared_ptr<const Cell>& cell, const at::Tensor& x, const State& before,
                    const std::vector<int64_t>& running, const CellPrepared* prepared = nullptr);

}  // namespace seq2seq::nn
