#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct ConcatAttentionOptions {
  int64_t units = 256;
};
void declare(config::Keys& keys, ConcatAttentionOptions& options);

/// Scores a query q against a state h by v' tanh(W [q; h]): Luong et al. 2015, arXiv 1508.04025, section 3.1. The same
/// function as `additive`, coverage included, with one matrix instead of two.
class ConcatAttention final : public Attention {
 public:
  using Options = ConcatAttentionOptions;
  ConcatAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return memory_; }
  bool needs_past() const override { return coverage_weight_.defined(); }

 private:
  int64_t query_, memory_;            // H, M
  at::Tensor weight_, score_weight_;  // W [A, H + M], v [A]
  at::Tensor coverage_weight_;        // [A], undefined without coverage
};

}  // namespace seq2seq::nn
