#pragma once

// Coverage: a score also reads c, the sum of the weights that a state had in earlier steps (Tu et al. 2016, arXiv
// 1601.04811, section 3.1; See et al. 2017, arXiv 1704.04368, equations 10 and 11).

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

/// Adds the parameter `coverage_weight` [width] of an attention. Returns an undefined tensor unless the context asks
/// for coverage.
at::Tensor add_coverage_weight(Module& module, int64_t width, const AttentionContext& context);

/// Scores v . tanh(q_i + k_j + w c_ij): See et al. 2017, equation 11. `asked` [Q, A] and the memory's keys [K, A] are
/// projected; v and w are [A]. An undefined w: the same as attend_additive().
AttentionResult attend_covered(const AttentionQueries& queries, const at::Tensor& asked, const AttentionMemory& memory,
                               const at::Tensor& v, const at::Tensor& w, const AttentionPairs& pairs);

/// q_i . w c_ij of every pair [P]: the term that coverage adds to dot products when c is one more unit of the state.
/// rows [Q, H], w [H].
at::Tensor coverage_scores(const AttentionQueries& queries, const at::Tensor& w, const AttentionPairs& pairs);

}  // namespace seq2seq::nn
