#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct MultiHeadAttentionOptions {
  int64_t heads = 8;
  int64_t width = 256;
};
void declare(config::Keys& keys, MultiHeadAttentionOptions& options);

/// Several scaled dot products side by side, each with its own projections: Vaswani et al. 2017, arXiv 1706.03762,
/// section 3.2.2. Its weights are the mean over all heads. They are computed only without gradients, because nothing in
/// training reads them.
class MultiHeadAttention final : public Attention {
 public:
  using Options = MultiHeadAttentionOptions;
  MultiHeadAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  bool differentiates_weights() const override { return false; }  // only alignments read them
  int64_t width() const override { return output_weight_.size(0); }

 private:
  MultiHead shape_;
  // [W, H], [W, M], [W, M], [W, W]; the heads lie side by side in W.
  at::Tensor query_weight_, key_weight_, value_weight_, output_weight_;
};

}  // namespace seq2seq::nn
