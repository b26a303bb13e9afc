#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/output/word_sampler.h"

namespace seq2seq::nn {

struct EstimatingOutputOptions {
  /// Proportions in which words are drawn: Zipf's law by id (log_uniform_weights()), or their counts in the training
  /// text (Mnih and Teh 2012, arXiv 1206.6426), to a power (Mikolov et al. 2013, arXiv 1310.4546: 0.75).
  enum class Distribution { log_uniform, unigram };

  bool bias = true;
  int64_t samples = 4096;  // K
  Distribution distribution = Distribution::log_uniform;
  double exponent = 1;  // of the counts
};
void declare(config::Keys& keys, EstimatingOutputOptions& options);

/// A softmax over the whole vocabulary with the parameters of FullOutput. In training, its loss reads only the target
/// and K words, which are drawn once per update and shared by all its rows. Everything else is exact, including the
/// loss of rows without a draw. On one device.
class EstimatingOutput : public FullOutput {
 public:
  /// Throws UsageError for several shards; `kind` is the name in the message.
  EstimatingOutput(const EstimatingOutputOptions& options, const OutputContext& context, const std::string& kind,
                   std::optional<double> bias_start);
  bool estimates_loss() const override { return true; }
  int64_t estimated_words() const override;
  bool reads_counts() const override { return distribution_ == EstimatingOutputOptions::Distribution::unigram; }
  const std::vector<SoftmaxShard>& shards() const override { return OutputLayer::shards(); }

 protected:
  /// Words with which rows [N, H] are compared in an update, with a graph if gradients are needed.
  struct Candidates {
    at::Tensor rows;              // [N, H] on the layer's device
    at::Tensor target_logits;     // [N]
    at::Tensor target_expected;   // [N] log of the expected number of draws of each row's target
    at::Tensor sampled_vectors;   // [K, H]
    at::Tensor sampled_offsets;   // [K] bias minus `sampled_expected`
    at::Tensor sampled_expected;  // [K] log of the expected number of draws of each
    Ids targets, words;           // [N], [K]
  };
  Candidates candidates(const Features& features, const Ids& targets, const Draw& draw) const;

 private:
  int64_t samples_;
  EstimatingOutputOptions::Distribution distribution_;
  std::unique_ptr<const WordSampler> sampler_;  // null on the meta device, and without the counts it needs
};

/// Throws UsageError if the placement gives the output layer several devices.
void check_whole(const OutputContext& context, const std::string& kind);

}  // namespace seq2seq::nn
