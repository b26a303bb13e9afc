#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

struct FullOutputOptions {
  bool bias = true;
};
void declare(config::Keys& keys, FullOutputOptions& options);

/// A linear layer and a softmax over the whole vocabulary: log p = z_y - log sum exp z, z = W h + b. Parameters
/// `weight` [V, H] (the embedding's when tied) and `bias` [V], as in torch.nn.Linear.
///
/// If the placement has several shards, each holds its slices of both (nn/slice.h) on its own device. Rows and targets
/// go to every shard; results are on the first shard's device. A tied weight stays on the embedding's device, and each
/// shard copies its rows for every call.
class FullOutput : public OutputLayer {
 public:
  using Options = FullOutputOptions;
  /// `bias_start`: initial value of the bias; empty: as other parameters.
  FullOutput(const Options& options, const OutputContext& context, std::optional<double> bias_start = {});

  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
  at::Tensor score(const Features& features, const Ids& targets) const override;
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override;
  /// Ranks by the softmax of this class. A derived layer with its own top_k() needs its own ranking().
  std::unique_ptr<const WordRanking> ranking() const override;
  at::Tensor log_probabilities(const Features& features) const override;
  const std::vector<SoftmaxShard>& shards() const override { return shards_; }
  c10::Device home() const override { return shards_.front().device(); }

 protected:
  void check_rows(const Features& features, int64_t rows) const;
  at::Tensor logits(const Features& features) const;  // [N, V] of a single shard
  /// `normalizes`: whether scores are log-probabilities; otherwise logits.
  std::unique_ptr<const WordRanking> ranking_of(bool normalizes) const;
  // The weight of a single shard.
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  bool is_sharded() const { return shards_.size() > 1; }

  std::vector<SoftmaxShard> shards_;
  at::Tensor weight_, bias_;  // of a single shard; `bias_` may be undefined
};

}  // namespace seq2seq::nn
