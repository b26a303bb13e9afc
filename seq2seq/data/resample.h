#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::data {

/// The training sentences of an epoch. If the tokenizer of a side samples, its sentences are segmented anew, depending
/// only on (seed, epoch, number of the pair); copies of a pair in one epoch have the same segmentation. If the
/// vocabulary is extended, the ids of prepared text are made from its words.
class Resampler {
 public:
  /// `corpus` and `text` must outlive it. Throws Error if a side samples but the corpus does not have its words.
  Resampler(const Corpus& corpus, const TextPipeline& text, uint64_t seed);
  std::vector<int64_t> source(int64_t pair, int64_t epoch) const;
  std::vector<int64_t> target(int64_t pair, int64_t epoch) const;
  /// Returns their lengths, without reading a side that does not sample.
  int64_t source_length(int64_t pair, int64_t epoch) const;
  int64_t target_length(int64_t pair, int64_t epoch) const;

 private:
  bool tagged(int64_t pair) const;
  std::vector<std::string> source_tokens(int64_t pair, int64_t epoch) const;
  std::vector<std::string> target_tokens(int64_t pair, int64_t epoch) const;

  const Corpus* corpus_;
  const TextPipeline* text_;
  uint64_t seed_;
  bool reads_words_;  // of either side, with or without sampling
};

}  // namespace seq2seq::data
