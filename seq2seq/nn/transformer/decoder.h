#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/features.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/sentence_order.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/transformer/decoder_layer.h"
#include "seq2seq/nn/transformer/positions.h"
#include "seq2seq/nn/transformer/source_cache.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

class StagedSentences;

/// State of a decoder between steps, for R hypotheses.
struct TransformerCaches {
  KeyValueCache words;
  SourceCache source;
};

struct TransformerDecoderContext {
  int64_t vocabulary = 0;  // V of the target, specials included
  int64_t width = 0;       // W, also of the encoder's states
  Placement placement;
  at::ScalarType type = at::kFloat;
  std::shared_ptr<Embedding> words{};  // existing word vectors; null: the decoder makes its own
  WordDropout word_dropout{};
  bool reads_source = true;  // false: a language model
};

/// Writes a target by self-attention over the words so far and attention to the source: Vaswani et al. 2017, arXiv
/// 1706.03762. Parameters: `embedding.weight`, `layers.0.self_attn.in_proj_weight` ..., and with `norm: pre` also
/// `norm.weight` and `norm.bias` after the last layer. Without a source it looks only at the words so far.
class TransformerDecoder final : public Module, public SentenceStack {
 public:
  TransformerDecoder(int64_t layers, const TransformerLayerOptions& options, const TransformerDecoderContext& context);

  /// `owner` [R]: the sentence of each hypothesis in the memory.
  TransformerCaches start(const Memory& memory, const std::vector<int64_t>& owner) const;
  /// ids [N] of one step, a chunk of steps or all steps -> rows [N, W] and, if wanted, the mean weights of the last
  /// layer's heads, without gradient.
  Features advance(const Packed& inputs, TransformerCaches& caches, bool wants_attention, const Draw* draw) const;

  const Embedding& embedding() const { return *embedding_; }
  int64_t layers() const { return std::ssize(layers_); }
  std::vector<SentencePart> parts() const override;
  std::vector<SentenceWork> begin(const SentenceBatch& batch) const override;

 private:
  at::Tensor read_words(const Packed& ids, const SentenceOrder& order, const SentenceRows& at) const;
  /// Runs all rows of a batch through a layer, in training.
  at::Tensor run(size_t layer, const at::Tensor& rows, const at::Tensor& states, const StagedSentences& batch) const;

  int64_t width_;
  TransformerLayerOptions options_;
  double scale_;
  WordDropout word_dropout_;
  bool reads_source_;
  std::shared_ptr<Embedding> embedding_;
  std::shared_ptr<Positions> positions_;
  std::vector<std::shared_ptr<TransformerDecoderLayer>> layers_;
  std::shared_ptr<LayerNorm> norm_;  // null: `norm: post`
};

}  // namespace seq2seq::nn
