#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/data/packed.h"

namespace seq2seq::train {

/// Returns, for each target row [N], sum_i min(a_i, c_i) over the positions i of its source, where a_i are its
/// attention weights and c_i their sums over the sentence's earlier rows: See et al. 2017, arXiv 1704.04368, equation
/// 12. `weights` [N, S] in the packed order of `layout`, which must begin with the first step.
at::Tensor coverage_losses(const at::Tensor& weights, const data::Layout& layout);

}  // namespace seq2seq::train
