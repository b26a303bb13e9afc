#pragma once

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

struct LocationAttentionOptions {
  int64_t longest = 50;
};
void declare(config::Keys& keys, LocationAttentionOptions& options);

/// Scores positions of the source by the query only, W q: Luong et al. 2015, arXiv 1508.04025, section 3.1. As in the
/// paper, a short sentence uses only the first positions, and words beyond `longest` get no weight.
class LocationAttention final : public Attention {
 public:
  using Options = LocationAttentionOptions;
  LocationAttention(const Options& options, const AttentionContext& context);
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  at::Tensor weight_;  // [longest, H]
};

}  // namespace seq2seq::nn
