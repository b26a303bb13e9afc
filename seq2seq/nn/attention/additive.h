#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct AdditiveAttentionOptions {
  int64_t units = 256;
};
void declare(config::Keys& keys, AdditiveAttentionOptions& options);

/// Scores a query q against a state h by v' tanh(W q + U h): Bahdanau et al. 2014, arXiv 1409.0473, A.1.2. Equals
/// `concat`, with W and U side by side: Luong et al. 2015, arXiv 1508.04025, section 3.1. Coverage adds a term w c
/// inside the tanh (coverage.h).
class AdditiveAttention final : public Attention {
 public:
  using Options = AdditiveAttentionOptions;
  AdditiveAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return memory_weight_.size(1); }
  bool needs_past() const override { return coverage_weight_.defined(); }

 private:
  at::Tensor query_weight_, memory_weight_, score_weight_;  // W [A, H], U [A, M], v [A]
  at::Tensor coverage_weight_;                              // [A], undefined without coverage
};

}  // namespace seq2seq::nn
