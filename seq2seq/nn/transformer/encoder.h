#pragma once

#include <memory>
#include <string>
#include <vector>

#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/sentence_order.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/transformer/encoder_layer.h"
#include "seq2seq/nn/transformer/positions.h"

namespace seq2seq::nn {

/// Reads a source by self-attention: Vaswani et al. 2017, arXiv 1706.03762. Its states are as wide as the word vectors;
/// it has no recurrent states. Parameters: `embedding.weight`, `layers.0.self_attn.in_proj_weight` ..., and with `norm:
/// pre` also `norm.weight` and `norm.bias` after the last layer.
class TransformerEncoder final : public Encoder, public SentenceStack {
 public:
  using Options = TransformerEncoderOptions;
  TransformerEncoder(const Options& options, const EncoderContext& context);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  int64_t width() const override { return width_; }
  int64_t longest_sentence() const override { return longest_; }
  std::vector<StateShape> last_shapes() const override { return {}; }
  int64_t layer_count() const override { return std::ssize(layers_); }
  const SentenceStack* sentence_stack() const override { return this; }
  std::vector<SentencePart> parts() const override;
  std::vector<SentenceWork> begin(const SentenceBatch& batch) const override;

 private:
  at::Tensor read_words(const Packed& ids, const SentenceOrder& order, const SentenceRows& at) const;

  int64_t width_;
  double scale_;
  int64_t longest_;
  TransformerLayerOptions options_;
  double embedding_dropout_;
  Site embedding_site_;
  WordDropout word_dropout_;
  bool drops_weights_;
  SourceEmbedding embedding_;
  std::shared_ptr<Positions> positions_;
  std::vector<std::shared_ptr<TransformerEncoderLayer>> layers_;
  std::shared_ptr<LayerNorm> norm_;  // null: `norm: post`
};

}  // namespace seq2seq::nn
