#pragma once

#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {

/// Rows that one stage hands to others, and what comes back to them. Whoever reads a tensor of another device copies
/// it: a reader the rows, the writer the gradients.
class RowFlow {
 public:
  /// rows [N, W] on the writer's device, not yet filled. `wanted`: whether what lies before them is trained.
  RowFlow(int64_t rows, int64_t width, const ParameterPlace& place, bool wanted);

  const at::Tensor& rows() const { return rows_; }
  const ParameterPlace& place() const { return place_; }
  bool wanted() const { return wanted_; }

  /// A reader's own gradient [N, W] on its device, to be filled before the writer goes backward; undefined when not
  /// wanted. The writer adds the readers' in the order of these calls.
  at::Tensor add_reader(c10::Device device);

  /// For the writer: what reaches its rows, all of it; undefined: none. Filled by collect().
  const at::Tensor& gradient();
  void collect(const Piece& piece);

 private:
  bool read_in_place() const { return readers_.size() == 1 && readers_.front().device() == place_.device; }

  at::Tensor rows_;
  ParameterPlace place_;
  bool wanted_;
  std::vector<at::Tensor> readers_;
  at::Tensor gradient_;
};

/// Copies rows to another device, without waiting for it where that is one with streams.
void hand_over(const at::Tensor& from, at::Tensor to);

/// A layer's last state, handed to others, and what comes back to it.
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
