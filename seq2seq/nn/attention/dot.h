#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct DotAttentionOptions {
  bool scaled = false;
};
void declare(config::Keys& keys, DotAttentionOptions& options);

/// Scores a query q against a state h by q' h: Luong et al. 2015, arXiv 1508.04025, section 3.1; `scaled` divides by
/// the square root of the width (Vaswani et al. 2017, arXiv 1706.03762, equation 1). Query and state must be equally
/// wide. Has no parameters.
class DotAttention final : public Attention {
 public:
  using Options = DotAttentionOptions;
  DotAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  double scale_;
};

}  // namespace seq2seq::nn
