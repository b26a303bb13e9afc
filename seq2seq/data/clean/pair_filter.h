#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "seq2seq/data/clean/left_out.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/data/options.h"
#include "seq2seq/text/line_tokenizer.h"

namespace seq2seq::data {

struct TokenPair {
  int64_t number = 0;  // line, from 0
  std::vector<std::string> source, target;
  text::LineTokenizer::Changes source_changes{}, target_changes{};
  std::size_t corpus = 0;
  float weight = 1;
  std::vector<Link> links{};  // a tag is a token of the source
};

/// Converts lines to tokens and rejects unsuitable pairs. Safe to share between threads.
class PairFilter {
 public:
  PairFilter(const CleanOptions& options, const text::LineTokenizer& source, const text::LineTokenizer& target,
             const SourceForm& form = {})
      : options_(options), source_(&source), target_(&target), form_(form) {}
  /// For validation and test sets, where only pairs that cannot be measured are left out.
  static CleanOptions nothing() { return {.max_length = 0}; }

  /// Returns the reason for leaving the pair out; otherwise `tokens` are its tokens, after the tag of its corpus, which
  /// the limits do not count. Limits hold for each part of a source. Does not detect duplicates. Throws Error for a
  /// special symbol that the options forbid, for a token without its factors, for a source with another number of
  /// parts, and for a link to a token that is not there.
  std::optional<Reason> tokenize(const LinePair& lines, TokenPair& tokens) const;

 private:
  std::optional<Reason> fault(const TokenPair& tokens) const;

  CleanOptions options_;
  const text::LineTokenizer* source_;
  const text::LineTokenizer* target_;
  SourceForm form_;
};

/// Detects duplicate pairs by a 128-bit hash of their tokens: 16 bytes per pair.
class SeenPairs {
 public:
  /// Returns true if the pair is new.
  bool add(const TokenPair& pair);

 private:
  struct Key {
    uint64_t high, low;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.low; }
  };
  std::unordered_set<Key, Hash> seen_;
};

}  // namespace seq2seq::data
