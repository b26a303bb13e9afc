#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/sentence_order.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/transformer/layer_norm.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/transformer/positions.h"
#include "seq2seq/nn/transformer/sentence_rows.h"

namespace seq2seq::nn {

/// A batch on its way through the parts of a Transformer's stack, which may run on several devices and threads: index
/// tensors on the device of each part, and pairs that the parts of one place share.
class StagedSentences {
 public:
  /// Copies index tensors to the devices of all parts.
  StagedSentences(const SentenceBatch& batch, const SentenceStack& stack, bool drops_weights);
  /// Rotates queries and keys by these positions. Call it before the first part runs.
  void rotate(const Positions& positions);

  const Packed& ids() const { return ids_; }
  /// Of part 0, the word vectors, and 1, 2, ..., the layers.
  const SentenceOrder& order(size_t part) const { return *context(part).order; }
  const SentenceRows& at(size_t part) const { return context(part).at; }
  /// Each row with those of its sentence, and with the encoder's states of it. Made at the first call at a place.
  const AttentionPairs& own_pairs(size_t part) const;
  const AttentionPairs& source_pairs(size_t part) const;
  const std::vector<int64_t>& lengths() const { return ids_.layout->lengths; }
  /// The rows of the last layer, normalized where `norm` is not null, in the order that the batch asks for.
  at::Tensor finished(const at::Tensor& rows, const LayerNorm* norm) const;

 private:
  /// Data that the parts of one place share.
  struct Context {
    int64_t place = 0;
    c10::Device device{c10::kCPU};
    SentenceRows at;
    std::optional<SentenceOrder> order;
    std::optional<AttentionPairs> own, source;
  };
  Context& context(size_t part) const { return *contexts_[context_of_[part]]; }

  Packed ids_;
  std::vector<int64_t> states_;
  bool packs_;
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<size_t> context_of_;  // by part
};

/// The word vectors of a stack as a part of it.
SentencePart words_part(const Embedding& embedding, const Positions& positions);
/// Numbers a row that a layer keeps for its way back, its output included: what its products, attention, norms and
/// dropout masks read again.
int64_t numbers_kept(const TransformerLayerOptions& options, int64_t width, bool reads_source);
/// Adds the norm behind the last layer to its part.
void add_norm(const LayerNorm& norm, SentencePart& last);

}  // namespace seq2seq::nn
