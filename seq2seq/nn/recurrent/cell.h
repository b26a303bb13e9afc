#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/deferred.h"
#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/nn/recurrent/steps.h"

namespace seq2seq::nn {

/// Inputs of a cell for some steps. All tensors are in one piece; sentences in sorted order, S at the first step.
struct CellInput {
  at::Tensor x;                             // [N, I]
  State before;                             // [S, width of the part] before the first step
  const PreparedWeights* panels = nullptr;  // what Cell::panels() made, or null; changes no result
};

/// Outputs of a cell.
struct CellOutput {
  at::Tensor rows;  // [N, W]
  /// [S, width of the part] after each sentence's own last step. Where that is the row of a single step, it is `rows`
  /// itself.
  State last;
  std::vector<at::Tensor> kept;  // what the way back needs beside the input, the rows and the last state
};

/// Gradients at a cell's outputs; undefined: none.
struct CellReaching {
  at::Tensor rows;
  State last;
};

/// A copy of the gradient of a part of the last state, or zeros: a sentence enters the backward pass at its own last
/// step.
at::Tensor reaching_state(const CellReaching& reaching, const CellInput& input, size_t part);

/// The derivatives of a cell's input.
struct CellGradient {
  at::Tensor x;  // [N, I]; undefined where it is not wanted
  State before;
  std::vector<at::Tensor> rows;  // [N, ...] what Cell::weight_gradients() is made of
};

/// The equations of a recurrent layer over packed rows and their derivatives, without the autograd engine. The
/// derivatives of the weights are a part of their own, for the rows of many steps at once.
class Cell {
 public:
  virtual ~Cell() = default;
  /// In the order in which they were registered.
  virtual std::vector<at::Tensor> parameters() const = 0;
  virtual StateShape state_shape() const = 0;
  virtual int64_t width() const = 0;  // W: of the rows that come out
  virtual CellOutput forward(const CellInput& input, const Steps& steps) const = 0;
  /// `output`: result of forward() for this input. `x_wanted`: whether the derivative by x is.
  virtual CellGradient backward(const CellInput& input, const CellOutput& output, const CellReaching& reaching,
                                const Steps& steps, bool x_wanted) const = 0;
  /// The derivatives by the parameters, from the rows that backward() left for any number of steps, joined. Those that
  /// are not wanted may stay undefined.
  virtual std::vector<at::Tensor> weight_gradients(const std::vector<at::Tensor>& rows,
                                                   const std::vector<bool>& wanted) const = 0;
  /// The weights laid out for calls of few steps each; `both_ways`: for the way back, too. Null: nothing is gained.
  virtual std::shared_ptr<const PreparedWeights> panels(bool /*both_ways*/) const { return nullptr; }
};

struct DroppedCell;  // cell_layer.cc

/// Data of a cell prepared for many calls.
struct CellPrepared final : PreparedWeights {
  std::shared_ptr<const PreparedWeights> panels;       // null: none
  std::shared_ptr<const Deferred> deferred;            // of the weights' gradients; null: each call makes them
  mutable std::shared_ptr<const DroppedCell> dropped;  // the cell with the weights that the draw of these calls leaves
};

/// Collects the weights' gradients of all runs that are given it.
std::shared_ptr<const Deferred> defer_weight_gradients(const std::shared_ptr<const Cell>& cell);

/// Runs a cell as one function of the autograd engine. `before`: in sorted order. `prepared`: of this cell, or null.
CellOutput run_cell(const std::shared_ptr<const Cell>& cell, const at::Tensor& x, const State& before,
                    const std::vector<int64_t>& running, const CellPrepared* prepared = nullptr);

}  // namespace seq2seq::nn
