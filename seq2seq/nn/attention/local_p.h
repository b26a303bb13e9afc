#pragma once

#include "seq2seq/nn/attention/local_window.h"

namespace seq2seq::nn {

struct LocalPAttentionOptions : LocalAttentionOptions {
  int64_t units = 256;
};
void declare(config::Keys& keys, LocalPAttentionOptions& options);

/// Looks at the states around a centre that the query predicts, p = S sigmoid(v' tanh(W_p q)) for a source of S words:
/// `local-p` of Luong et al. 2015, arXiv 1508.04025, section 3.2. The softmax over the states from p - D to p + D is
/// multiplied by a Gaussian around p of deviation D / 2, so weights sum to at most 1. Words are counted from 0.
class LocalPAttention final : public Attention {
 public:
  using Options = LocalPAttentionOptions;
  LocalPAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return width_; }

 private:
  int64_t window_, width_;
  at::Tensor weight_;                                   // [H, M], or undefined: `score: dot`
  at::Tensor position_weight_, position_score_weight_;  // W_p [U, H], v_p [U]
};

}  // namespace seq2seq::nn
