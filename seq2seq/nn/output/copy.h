#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/output/full.h"

namespace seq2seq::nn {

struct CopyOutputOptions : FullOutputOptions {
  bool extended_vocabulary = false;
};
void declare(config::Keys& keys, CopyOutputOptions& options);

/// Generates a word of the vocabulary or copies a word of the source: p(w) = g P(w) + (1 - g) sum of a_i over the
/// positions i of the source with the word w, where P is the softmax of `full`, a are the attention's weights and g =
/// sigmoid(u r + b) for the decoder's row r: the pointer-generator of See et al. 2017, arXiv 1704.04368, equations 8
/// and 9. In the paper, g reads context, state and input word. Here the readout makes the row r from context and state
/// and, with `readout.embedding`, from the input word. Weights that do not sum to 1 are divided by their sum.
///
/// Features::source has ids of target words. An id beyond the vocabulary counts as the unknown word. With
/// `extended_vocabulary` it is a word that can only be copied, so P(w) = 0, and targets may have such ids, too. Further
/// parameters: `generate_weight` [H] and `generate_bias` [1].
class CopyOutput final : public FullOutput {
 public:
  using Options = CopyOutputOptions;
  /// Throws UsageError without attention weights that gradients reach.
  CopyOutput(const Options& options, const OutputContext& context);

  at::Tensor loss(const Features& features, const Ids& targets, const LossSpec& spec) const override;
  at::Tensor score(const Features& features, const Ids& targets) const override;
  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override;
  at::Tensor log_probabilities(const Features& features) const override;
  std::unique_ptr<const WordRanking> ranking() const override { return OutputLayer::ranking(); }  // by its own top_k()
  const std::vector<SoftmaxShard>& shards() const override { return OutputLayer::shards(); }      // cannot be split
  bool copies() const override { return true; }
  bool extends_vocabulary() const override { return extended_; }

 private:
  /// Data that rows need to copy words, all on the layer's device.
  struct Copying {
    at::Tensor weights;            // [N, S], rows that sum to 1, or to 0 without a source
    Ids words;                     // [N, S] ids of target words
    at::Tensor generated, copied;  // [N] log g and log(1 - g)
  };
  Copying copying(const Features& features, at::ScalarType type) const;
  at::Tensor vocabulary_log_probabilities(const Features& features) const;  // [N, V], with gradient
  at::Tensor log_probabilities(const Features& features, const Copying& copy) const;
  Ids known(const Ids& words) const;  // those beyond the vocabulary become the unknown word

  int64_t vocabulary_;
  bool extended_;
  at::Tensor generate_weight_, generate_bias_;  // [H], [1]
};

}  // namespace seq2seq::nn
