#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// Steps [first_step, last_step) of one side of a batch, with their packed rows.
struct Piece {
  int64_t first_step = 0, last_step = 0;
  int64_t first_row = 0, last_row = 0;

  int64_t steps() const { return last_step - first_step; }
  int64_t rows() const { return last_row - first_row; }
  at::Tensor of(const at::Tensor& whole) const { return whole.narrow(0, first_row, rows()); }
};

/// Input and output rows of a layer for a whole batch, on the layer's device. They are filled piece by piece.
struct LayerRows {
  at::Tensor input, output;   // [N, I], [N, W]
  at::Tensor input_gradient;  // [N, I] result; undefined: not wanted
};

/// One batch passing through a layer, piece by piece: forward in the order of steps, backward in the reverse order.
/// Does not use the autograd engine between pieces. The weights must not change during the pass.
class LayerPass {
 public:
  virtual ~LayerPass() = default;
  /// Reads `input` and writes `output` of the piece.
  virtual void forward(const Piece& piece) = 0;
  /// Returns each sentence's state after its own last step, in the caller's order, without gradient. Call it after the
  /// last forward().
  virtual State last() const = 0;
  /// Call it before the first backward(). `output` [N, W]: gradient of the output, filled piece by piece; undefined:
  /// none. `last`: gradient of the last state, one tensor per part or undefined; empty: none.
  virtual void begin_backward(const at::Tensor& output, const State& last) = 0;
  /// Reads the gradient of the piece's output and writes its `input_gradient`.
  virtual void backward(const Piece& piece) = 0;
  /// Returns the derivative with respect to the state before the first step, in the caller's order. Call it after the
  /// last backward().
  virtual State first_gradient() const = 0;
  /// Adds the parameters' derivatives of a piece, or of several in a row, to `gradients`: one per parameter of the
  /// layer, in order of registration. Creates undefined ones; leaves those of frozen parameters unchanged. Call it at
  /// any time after backward() of the piece.
  virtual void add_weight_gradients(const Piece& piece, std::vector<at::Tensor>& gradients) = 0;
};

/// A pass for any layer: each piece is a separate graph, run backward by the autograd engine. `parameters`: of the
/// layer.
std::unique_ptr<LayerPass> autograd_pass(const Layer& layer, const std::vector<at::Tensor>& parameters,
                                         std::shared_ptr<const Layout> layout, LayerRows rows, State first,
                                         const LayerCall& call);

}  // namespace seq2seq::nn
