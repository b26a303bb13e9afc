#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/clean/left_out.h"
#include "seq2seq/data/options.h"
#include "seq2seq/data/store/token_store.h"
#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Pairs of sentences as ids. A pair's number is its line, counted from 0, so leaving out pairs does not renumber the
/// others.
struct Corpus {
  TokenStore source, target;
  TokenStore numbers;  // [pairs] tokens; empty: pair n has number n
  LeftOut left_out;
  std::vector<int64_t> pairs_of{};  // number of pairs of each corpus of the text, in their order
  std::vector<double> repeat{};     // copies of each corpus's pairs in an epoch; empty: one
  TokenStore weights{};             // [pairs] tokens, made by stored_weight(); empty: every pair weighs 1
  TokenStore links{};               // [pairs] of each, made by stored_link(); empty: no pair has links
  /// Words for the `original` ids of a side; null if unknown.
  std::shared_ptr<const text::Vocabulary> source_words{}, target_words{};
  int64_t pairs() const { return source.size(); }
  /// Releases the pages of mapped files, as TokenStore::release_pages() does.
  void release_pages() const;
  bool aligned() const { return links.tokens() > 0; }
  bool weighted() const { return weights.tokens() > 0; }
  float weight(int64_t pair) const {
    return weighted() ? std::bit_cast<float>(static_cast<uint32_t>(weights.id(pair))) : 1;
  }
  int64_t number(int64_t pair) const { return numbers.tokens() == 0 ? pair : numbers.id(pair); }
};

/// Converts a weight to a token of a store: the bits of the number.
inline int64_t stored_weight(float weight) { return std::bit_cast<uint32_t>(weight); }

/// Reads training text without the pairs that the options exclude. Throws Error if none is left.
Corpus read_corpus(const TrainFiles& files, const TextPipeline& text);

/// Returns the error for a text of which every pair was left out.
Error no_pair_left(const TrainFiles& files, const LeftOut& left_out);

/// SHA-256 over the contents of the files in their order, including weights and alignments, but without file names.
std::string content_digest(const TrainFiles& files, const std::function<void()>& between_blocks = {});
std::string content_digest(const FilePair& files);

}  // namespace seq2seq::data
