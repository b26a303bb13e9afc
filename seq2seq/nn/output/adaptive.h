#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

struct AdaptiveOutputOptions {
  bool bias = false;
  std::vector<double> cutoffs{2000, 10000};  // ids, rising: the first word of each cluster
  int64_t shrink = 4;
};
void declare(config::Keys& keys, AdaptiveOutputOptions& options);

/// Adaptive softmax: Grave et al. 2017, arXiv 1609.04309. The classes of a first softmax, the head, are the words
/// before the first cut-off and one entry for each cluster of rarer words. A word of cluster i, counted from 1, has the
/// probability of the cluster's entry times its probability in a softmax over the cluster alone, on H / shrink^i units.
/// A row computes only the cluster of its target. The result is exact. Parameters as in
/// torch.nn.AdaptiveLogSoftmaxWithLoss: `head.weight`, `head.bias`, `tail.0.0.weight` [H / shrink, H],
/// `tail.0.1.weight`, ... Lies on one device.
class AdaptiveOutput final : public OutputLayer {
 public:
  using Options = AdaptiveOutputOptions;
  /// Throws UsageError naming the key, for cut-offs that do not fit the vocabulary or the shrinking width, a tied
  /// weight, or several devices.
  AdaptiveOutput(const Options& options, const OutputContext& context);

  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
  at::Tensor score(const Features& features, const Ids& targets) const override;
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override;
  at::Tensor log_probabilities(const Features& features) const override;
  std::string refuses_smoothing() const override;
  c10::Device home() const override { return head_weight_.device(); }

 private:
  struct Cluster {
    int64_t first = 0, last = 0;  // ids
    at::Tensor projection{};      // [H / shrink^i, H]
    at::Tensor weight{};          // [last - first, H / shrink^i]
  };
  void add_head(const Options& options, const OutputContext& context);
  void add_clusters(const Options& options, const OutputContext& context);
  at::Tensor losses(const at::Tensor& rows, const Ids& targets) const;  // [N]
  at::Tensor all(const Features& features) const;                       // [R, V] log-probabilities

  at::Tensor head_weight_, head_bias_;  // [C + clusters, H], [C + clusters] or undefined
  std::vector<Cluster> clusters_;
};

}  // namespace seq2seq::nn
