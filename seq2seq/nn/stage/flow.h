#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {

/// Rows that one stage passes to others, and their gradients. The stage that reads a tensor of another device copies
/// it: a reader copies the rows, the writer the gradients.
class RowFlow {
 public:
  /// rows [N, W] on the writer's device. `wanted`: whether anything before them is trained.
  RowFlow(int64_t rows, int64_t width, const ParameterPlace& place, bool wanted)
      : size_{rows, width}, place_(place), wanted_(wanted) {}

  /// The memory of the rows, to be filled piece by piece; made at the first call.
  const at::Tensor& rows();
  /// For a writer that computes all rows at once: hands them on without a copy.
  void hand_on(at::Tensor rows) { rows_ = std::move(rows); }
  const ParameterPlace& place() const { return place_; }
  bool wanted() const { return wanted_; }

  /// A reader's own gradient [N, W] on its device, to be filled before the writer goes backward; undefined when not
  /// wanted. The writer adds the readers' in the order of these calls.
  at::Tensor add_reader(c10::Device device);

  /// Adds a reader that makes its gradient of all rows at once, and gives it to answer() with this number. Readers on
  /// one device that go backward one after another may share a number.
  size_t add_whole_reader();
  /// Adds to what the reader gave before. An undefined gradient is zero. The flow may change `gradient`.
  void answer(size_t reader, at::Tensor gradient);

  /// For the writer: what reaches its rows, all of it; undefined: none. Filled by collect().
  const at::Tensor& gradient();
  void collect(const Piece& piece);
  /// For a writer that goes backward once: the same for all rows, without keeping it or the rows for longer than a
  /// reader needs them.
  at::Tensor take_gradient();

 private:
  bool read_in_place() const;
  at::TensorOptions options() const { return at::TensorOptions(place_.type).device(place_.device); }

  std::array<int64_t, 2> size_;
  at::Tensor rows_;
  ParameterPlace place_;
  bool wanted_;
  std::vector<at::Tensor> readers_;  // undefined: no answer yet
  bool read_in_pieces_ = false;      // whether a reader may still need the rows when the writer goes backward
  at::Tensor gradient_;
};

/// Copies rows to another device, without waiting for it where that is one with streams.
void hand_over(const at::Tensor& from, at::Tensor to);

/// A layer's last state, which other stages read, and its gradient.
class StateFlow {
 public:
  void publish(State state) { state_ = std::move(state); }
  const State& state() const { return state_; }
  /// The state on a device.
  State on(c10::Device device) const;
  /// Adds a reader, who calls answer() with its number.
  size_t add_reader();
  void answer(size_t reader, State gradient) { answers_.at(reader) = std::move(gradient); }
  /// Gradient of the state, summed on a device in the order of readers; empty: none.
  State gradient(c10::Device device) const;

 private:
  State state_;
  std::vector<State> answers_;
};

}  // namespace seq2seq::nn
