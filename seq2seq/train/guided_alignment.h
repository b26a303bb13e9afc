#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::train {

/// A loss for attention that differs from given word alignments: Chen et al. 2016, arXiv 1607.01628, section 3. For the
/// attention a and the reference r, in which all source words linked to a target word have equal shares: cross_entropy:
/// - sum r log a; squared_error: 1/2 sum (r - a)^2; product: - log sum r a, as Marian's `mult`.
struct GuidedAlignmentOptions {
  enum class Cost { cross_entropy, squared_error, product } cost = Cost::cross_entropy;
  double weight = 0;  // 0: no such loss
};
void declare(config::Keys& keys, GuidedAlignmentOptions& options);

/// attention and reference [N, S] over the positions of each row's source -> the loss of each row [N]; 0 for a row
/// without a link.
at::Tensor alignment_losses(const at::Tensor& attention, const at::Tensor& reference,
                            GuidedAlignmentOptions::Cost cost);

}  // namespace seq2seq::train
