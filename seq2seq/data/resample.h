#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::data {

/// The sentences of training as an epoch reads them: those of a side whose tokenizer samples are cut anew, which
/// depends on (seed, epoch, the pair's number) alone; copies of a pair in one epoch are cut alike. Where the vocabulary
/// is extended, the ids of prepared text are made of its words.
class Resampler {
 public:
  /// Corpus and text must outlive it. Throws Error when a side samples whose words the corpus does not have.
  Resampler(const Corpus& corpus, const TextPipeline& text, uint64_t seed);
  std::vector<int64_t> source(int64_t pair, int64_t epoch) const;
  std::vector<int64_t> target(int64_t pair, int64_t epoch) const;
  /// Their lengths; a side that is not cut anew is not read for them.
  int64_t source_length(int64_t pair, int64_t epoch) const;
  int64_t target_length(int64_t pair, int64_t epoch) const;

 private:
  bool tagged(int64_t pair) const;
  std::vector<std::string> source_tokens(int64_t pair, int64_t epoch) const;
  std::vector<std::string> target_tokens(int64_t pair, int64_t epoch) const;

  const Corpus* corpus_;
  const TextPipeline* text_;
  uint64_t seed_;
  bool reads_words_;  // of either side, whether it samples or not
};

}  // namespace seq2seq::data
