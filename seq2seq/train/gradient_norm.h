#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::train {

/// The Euclidean norm over all gradients together, [] float64 on the device of the first, summed in double. An
/// undefined gradient counts as 0. A sparse one (nn/used_rows.h) gives the bits of the whole one in float32.
at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients);

/// The results of one pass over gradients.
struct ReadGradients {
  at::Tensor norm;  // gradient_norm()
  /// By gradient, ascending int64 on the CPU: the rows of a sparse gradient, and of a whole one the rows that are not
  /// all zero, where they are few; undefined: take all.
  std::vector<at::Tensor> used_rows;
};
ReadGradients read_gradients(const std::vector<at::Tensor>& gradients);

}  // namespace seq2seq::train
