#pragma once

#include <string>

#include "seq2seq/nn/output/estimating.h"

namespace seq2seq::nn {

struct NoiseContrastiveOutputOptions : EstimatingOutputOptions {
  bool self_normalized = false;
};
void declare(config::Keys& keys, NoiseContrastiveOutputOptions& options);

/// Noise-contrastive estimation (Gutmann and Hyvärinen 2010) of a softmax with its normalizer fixed at 1: Mnih and Teh
/// 2012, arXiv 1206.6426; Vaswani et al. 2013. Each row learns to tell its target from words drawn as noise: a word w
/// of logit z_w and expected number of draws m_w counts as data with probability s(z_w - log m_w), s(x) = 1 / (1 +
/// e^-x). The loss is -log s(z_y - log m_y) - sum over the drawn words j of log s(log m_j - z_j). It is not a
/// likelihood and has no label smoothing; its gradient is right on average. The bias starts at -log V, so that the
/// normalizer starts near 1.
///
/// Scores and log_probabilities() are exact and normalized. With `self_normalized`, top_k() ranks by the unchanged
/// logits, which search takes for log-probabilities (Vaswani et al. 2013; Devlin et al. 2014): it saves the normalizer.
class NoiseContrastiveOutput final : public EstimatingOutput {
 public:
  using Options = NoiseContrastiveOutputOptions;
  NoiseContrastiveOutput(const Options& options, const OutputContext& context);
  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override;
  bool ranks_by_logits() const override { return self_normalized_; }
  std::unique_ptr<const WordRanking> ranking() const override;
  std::string refuses_smoothing() const override;

 private:
  bool self_normalized_;
};

}  // namespace seq2seq::nn
