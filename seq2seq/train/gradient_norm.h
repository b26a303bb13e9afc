#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::train {

/// The Euclidean norm over all gradients together, [] float64 on the device of the first, summed in double. An
/// undefined gradient counts as 0. A sparse float32 gradient (nn/used_rows.h) gives the same bits as the dense one.
at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients);

/// The results of one pass over gradients.
struct ReadGradients {
  at::Tensor norm;  // gradient_norm()
  /// For each gradient, ascending int64 on the CPU: the rows of a sparse gradient, or the nonzero rows of a dense
  /// gradient if they are few; undefined: take all rows.
  std::vector<at::Tensor> used_rows;
};
ReadGradients read_gradients(const std::vector<at::Tensor>& gradients);

}  // namespace seq2seq::train
