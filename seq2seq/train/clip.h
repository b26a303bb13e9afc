#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::train {

enum class ClipKind { none, norm, value, norm_range };

/// norm: a gradient whose norm s exceeds `limit` is scaled by limit / s (arXiv 1409.3215, section 3.4). value: each
/// component is cut to
/// [-limit, limit]. norm_range: the norm is brought into [min, max] from either side, the often retold misreading; a
/// norm of 0 stays 0.
struct ClipOptions {
  ClipKind kind = ClipKind::norm;
  double limit = 5;
  double min = 10, max = 25;
};
void declare(config::Keys& keys, ClipOptions& options);

/// The Euclidean norm over all gradients together, summed in double. An undefined gradient counts as 0.
double gradient_norm(const std::vector<at::Tensor>& gradients);
/// Changes the gradients in place; `norm` is theirs.
void clip(const std::vector<at::Tensor>& gradients, double norm, const ClipOptions& options);

}  // namespace seq2seq::train
