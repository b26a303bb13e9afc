#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/packed.h"

namespace seq2seq::data {

class Resampler;

struct BatchCounts {
  int64_t sentences = 0, source_tokens = 0, target_tokens = 0;
};

/// Pairs ready for a model: `source` is the encoder's input; `inputs` (start symbol, then the target) and `targets`
/// (the target, then the end symbol) are the decoder's input and output, row by row. Each side is sorted by its own
/// length. There is no padding.
struct Batch {
  Packed source, inputs, targets;      // ids [N]; inputs and targets share a layout
  at::Tensor alignment{};              // [N, S] for the target rows, see reference_attention(); undefined: none
  at::Tensor weights{};                // [B] float32, factors of the losses; undefined: none
  std::optional<BatchCounts> joint{};  // counts of the whole batch, if this is one rank's part of it
  int64_t sentences() const { return source.sentences(); }
  int64_t source_tokens() const { return source.layout->rows(); }
  int64_t target_tokens() const { return targets.layout->rows(); }
  /// Counts over all ranks.
  BatchCounts counts() const { return joint.value_or(BatchCounts{sentences(), source_tokens(), target_tokens()}); }
};

/// Makes a batch of the pairs with these indices. Only here are sources and targets reversed and end symbols added.
Batch make_batch(const Corpus& corpus, std::span<const int64_t> indices, const TextPipeline& text);
/// As above, for the sentences of an epoch.
Batch make_batch(const Corpus& corpus, std::span<const int64_t> indices, const TextPipeline& text,
                 const Resampler& resampler, int64_t epoch);

/// As above, from sources and targets in the order of the text (ids without end symbols, not reversed), numbered by
/// `keys`.
Batch make_batch(const std::vector<std::vector<int64_t>>& sources, const std::vector<std::vector<int64_t>>& targets,
                 const std::vector<int64_t>& keys, const TextPipeline& text);

/// As above, only the sources.
Packed make_sources(const std::vector<std::vector<int64_t>>& sources, const std::vector<int64_t>& keys,
                    const TextPipeline& text);

Batch to(const Batch& batch, c10::Device device);

}  // namespace seq2seq::data
