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

/// Data of a batch that passes through the parts of a Transformer's stack, which may run on several devices and
/// threads: index tensors on the device of each part, and pairs that the parts of one place share.
class StagedSentences {
 public:
  /// Copies index tensors to the devices of all parts.
  StagedSentences(const SentenceBatch& batch, const SentenceStack& stack, bool drops_weights);
  /// Rotates queries and keys by these positions. Call it before the first part runs.
  void rotate(const Positions& positions);

  const Packed& ids() const { return ids_; }
  /// `part`: 0 for the word vectors, then 1, 2, ... for the layers.
  const SentenceOrder& order(size_t part) const { return *context(part).order; }
  const SentenceRows& at(size_t part) const { return context(part).at; }
  /// Pairs each row with the rows of its sentence, or with the encoder's states of it. Computed at the first call for a
  /// place.
  const AttentionPairs& own_pairs(size_t part) const;
  const AttentionPairs& source_pairs(size_t part) const;
  const std::vector<int64_t>& lengths() const { return ids_.layout->lengths; }
  /// Returns the rows of the last layer in the order that the batch asks for, normalized unless `norm` is null.
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

/// Returns the word vectors of a stack as a part of it.
SentencePart words_part(const Embedding& embedding, const Positions& positions);
/// Returns the numbers per row that a layer keeps for its backward pass, its output included: all that its products,
/// attention, norms and dropout masks read again.
int64_t numbers_kept(const TransformerLayerOptions& options, int64_t width, bool reads_source);
/// Adds the norm after the last layer to that layer's part.
void add_norm(const LayerNorm& norm, SentencePart& last);

}  // namespace seq2seq::nn
