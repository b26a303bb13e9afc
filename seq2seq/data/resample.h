#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::data {

/// The training sentences of an epoch. If the tokenizer of a side samples, its sentences are segmented again, depending
/// only on (seed, epoch, number of the pair); copies of a pair in one epoch are segmented equally.
class Resampler {
 public:
  /// Corpus and text must outlive it. Throws Error if a side samples but the corpus does not have its words.
  Resampler(const Corpus& corpus, const TextPipeline& text, uint64_t seed);
  std::vector<int64_t> source(int64_t pair, int64_t epoch) const;
  std::vector<int64_t> target(int64_t pair, int64_t epoch) const;
  /// Returns their lengths, without reading a side that does not sample.
  int64_t source_length(int64_t pair, int64_t epoch) const;
  int64_t target_length(int64_t pair, int64_t epoch) const;

 private:
  bool tagged(int64_t pair) const;

  const Corpus* corpus_;
  const TextPipeline* text_;
  uint64_t seed_;
};

}  // namespace seq2seq::data
