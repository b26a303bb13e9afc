#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct GeneralAttentionOptions {};
inline void declare(config::Keys&, GeneralAttentionOptions&) {}

/// Scores a query q against a state h by q' W h: Luong et al. 2015, arXiv 1508.04025, section 3.1. Coverage c acts as
/// one more unit of the state: the score is then q' (W h + w c) (coverage.h).
class GeneralAttention final : public Attention {
 public:
  using Options = GeneralAttentionOptions;
  GeneralAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return weight_.size(1); }
  bool needs_past() const override { return coverage_weight_.defined(); }

 private:
  at::Tensor weight_;           // [H, M]
  at::Tensor coverage_weight_;  // [H], undefined without coverage
};

}  // namespace seq2seq::nn
