#pragma once

#include "seq2seq/nn/output/estimating.h"

namespace seq2seq::nn {

struct SampledOutputOptions : EstimatingOutputOptions {};
void declare(config::Keys& keys, SampledOutputOptions& options);

/// Sampled softmax: Bengio and Senécal 2008, "Adaptive importance sampling to accelerate training of a neural
/// probabilistic language model"; Jean et al. 2015, arXiv 1412.2007. The normalizer of a row with target y is estimated
/// by Z = exp z_y + sum over the drawn words j other than y of exp(z_j) / m_j, with m_j the expected number of draws of
/// j. The loss is log Z - z_y. Z and its gradient are right on average. The loss is a little too small on average; the
/// error shrinks as more words are drawn, and the loss is exact with all of them.
///
/// Label smoothing estimates the mean of all logits in the same way.
class SampledOutput final : public EstimatingOutput {
 public:
  using Options = SampledOutputOptions;
  SampledOutput(const Options& options, const OutputContext& context)
      : EstimatingOutput(options, context, "sampled", {}) {}
  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
};

}  // namespace seq2seq::nn
