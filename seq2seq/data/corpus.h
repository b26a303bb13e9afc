#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/clean/left_out.h"
#include "seq2seq/data/options.h"
#include "seq2seq/data/store/token_store.h"
#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::data {

/// Pairs of sentences as ids. A pair's number is its line, counted from 0, so that leaving one out renumbers no other.
struct Corpus {
  TokenStore source, target;
  TokenStore numbers;  // [pairs] tokens; empty: number n belongs to pair n
  LeftOut left_out;
  int64_t pairs() const { return source.size(); }
  /// Lets go of the pages of mapped files, as TokenStore does.
  void release_pages() const;
  int64_t number(int64_t pair) const { return numbers.tokens() == 0 ? pair : numbers.id(pair); }
};

/// Reads text to train on, without the pairs that the options leave out. Throws Error when none is left.
Corpus read_corpus(const TrainFiles& files, const TextPipeline& text);
/// Reads text to measure on: only what cannot be measured is left out.
Corpus read_corpus(const FilePair& files, const TextPipeline& text);

/// What is thrown when every pair of a text was left out.
Error no_pair_left(const TrainFiles& files, const LeftOut& left_out);

/// SHA-256 over the contents of the files in their order, names not included.
std::string content_digest(const TrainFiles& files);
std::string content_digest(const FilePair& files);

}  // namespace seq2seq::data
