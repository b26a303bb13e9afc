#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {

/// Rows that one stage passes to others, and their gradients. A stage copies what it reads from another device: a
/// reader copies the rows, the writer copies the gradients.
class RowFlow {
 public:
  /// `rows` [N, W] are on the writer's device. `wanted`: whether anything before them is trained.
  RowFlow(int64_t rows, int64_t width, const ParameterPlace& place, bool wanted)
      : size_{rows, width}, place_(place), wanted_(wanted) {}

  /// Returns the memory of the rows, to be filled piece by piece. The first call allocates it.
  const at::Tensor& rows();
  /// For a writer that computes all rows at once: passes them on without a copy.
  void hand_on(at::Tensor rows) { rows_ = std::move(rows); }
  const ParameterPlace& place() const { return place_; }
  bool wanted() const { return wanted_; }

  /// Returns the reader's own gradient [N, W] on its device, to be filled before the writer runs backward; undefined if
  /// not wanted. The writer adds the readers' gradients in the order of these calls.
  at::Tensor add_reader(c10::Device device);

  /// Adds a reader that computes its gradient of all rows at once. Returns its number for answer(). Readers on one
  /// device that run backward one after another may share a number.
  size_t add_whole_reader();
  /// Adds to the gradient that the reader passed before. An undefined gradient counts as zero. The flow may change
  /// `gradient`.
  void answer(size_t reader, at::Tensor gradient);

  /// For the writer: the whole gradient of its rows; undefined: none. Filled by collect().
  const at::Tensor& gradient();
  void collect(const Piece& piece);
  /// For a writer that runs backward once: returns the gradient of all rows. Keeps neither gradient nor rows for longer
  /// than a reader needs them.
  at::Tensor take_gradient();

 private:
  bool read_in_place() const;
  at::TensorOptions options() const { return at::TensorOptions(place_.type).device(place_.device); }

  std::array<int64_t, 2> size_;
  at::Tensor rows_;
  ParameterPlace place_;
  bool wanted_;
  std::vector<at::Tensor> readers_;  // undefined: no gradient yet
  bool read_in_pieces_ = false;      // true if a reader may still need the rows when the writer runs backward
  at::Tensor gradient_;
};

/// Copies rows to another device. Does not wait for a device that has streams.
void hand_over(const at::Tensor& from, at::Tensor to);

/// A layer's last state, which other stages read, and its gradient.
class StateFlow {
 public:
  void publish(State state) { state_ = std::move(state); }
  const State& state() const { return state_; }
  /// Returns the state on a device.
  State on(c10::Device device) const;
  /// Adds a reader. Returns its number for answer().
  size_t add_reader();
  void answer(size_t reader, State gradient) { answers_.at(reader) = std::move(gradient); }
  /// Returns the gradient of the state, summed on a device in the order of readers; empty: none.
  State gradient(c10::Device device) const;

 private:
  State state_;
  std::vector<State> answers_;
};

}  // namespace seq2seq::nn
