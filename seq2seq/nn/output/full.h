#pragma once

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

struct FullOutputOptions {
  bool bias = true;
};
void declare(config::Keys& keys, FullOutputOptions& options);

/// A linear layer and a softmax over the whole vocabulary: log p = z_y - log sum exp z, z = W h + b. Parameters
/// `weight` [V, H] (the embedding's when tied) and `bias` [V], as in torch.nn.Linear.
class FullOutput final : public OutputLayer {
 public:
  using Options = FullOutputOptions;
  FullOutput(const Options& options, const OutputContext& context);

  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
  at::Tensor score(const Features& features, const Ids& targets) const override;
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override;
  at::Tensor log_probabilities(const Features& features) const override;
  const std::vector<SoftmaxShard>& shards() const override { return shards_; }
  c10::Device home() const override { return weight_.device(); }

 private:
  at::Tensor logits(const Features& features) const;  // [N, V]

  at::Tensor weight_, bias_;  // bias undefined when there is none
  std::vector<SoftmaxShard> shards_;
};

}  // namespace seq2seq::nn
