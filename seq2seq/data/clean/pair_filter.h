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
  int64_t number = 0;  // line, counted from 0
  std::vector<std::string> source, target;
  text::LineTokenizer::Changes source_changes{}, target_changes{};
  std::size_t corpus = 0;
  float weight = 1;
  std::vector<Link> links{};  // a tag counts as a token of the source
};

/// Converts lines to tokens and rejects unsuitable pairs. Safe to share between threads.
class PairFilter {
 public:
  PairFilter(const CleanOptions& options, const text::LineTokenizer& source, const text::LineTokenizer& target,
             const SourceForm& form = {})
      : options_(options), source_(&source), target_(&target), form_(form) {}
  /// Options for validation and test sets, from which only pairs that cannot be measured are left out.
  static CleanOptions nothing() { return {.max_length = 0}; }

  /// Returns the reason for leaving the pair out, or sets `tokens` to the tag of its corpus and its tokens. The limits
  /// do not count the tag; they apply to each part of a source. Does not detect duplicates. Throws Error for a special
  /// symbol that the options forbid, a token without its factors, a source with a wrong number of parts, and a link to
  /// a token that does not exist.
  std::optional<Reason> tokenize(const LinePair& lines, TokenPair& tokens) const;

 private:
  std::optional<Reason> fault(const TokenPair& tokens) const;

  CleanOptions options_;
  const text::LineTokenizer* source_;
  const text::LineTokenizer* target_;
  SourceForm form_;
};

/// Detects duplicate pairs by a 128-bit hash of their tokens. Needs about 50 bytes per pair.
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
