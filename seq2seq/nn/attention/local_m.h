#pragma once

#include "seq2seq/nn/attention/local_window.h"

namespace seq2seq::nn {

struct LocalMAttentionOptions : LocalAttentionOptions {};

/// Looks at the states around the query's own step, from t - D to t + D: `local-m` of Luong et al. 2015, arXiv
/// 1508.04025, section 3.2. Steps beyond the end of the source look around its last word, so every query sees a state.
class LocalMAttention final : public Attention {
 public:
  using Options = LocalMAttentionOptions;
  LocalMAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return width_; }

 private:
  int64_t window_, width_;
  at::Tensor weight_;  // [H, M], or undefined: `score: dot`
};

}  // namespace seq2seq::nn
