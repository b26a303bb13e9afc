#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"

namespace seq2seq::run {

/// Counts the tokens of one side of a text that are not in the vocabulary.
struct UnknownTokens {
  int64_t tokens = 0, unknown = 0;
  int64_t lines = 0;       // lines with only unknown tokens
  int64_t first_line = 0;  // first such line, counted from 1

  /// Adds the ids of a line; line numbers count from 1. Ids beyond the vocabulary count as unknown, too.
  void add(const std::vector<int64_t>& ids, const data::TextPipeline& text, text::Side side, int64_t line);
};

/// Returns the number of these ids with words that are not in the vocabulary of their side.
int64_t unknown_among(const std::vector<int64_t>& ids, const data::TextPipeline& text, text::Side side);

/// Returns `3 of 24 source tokens (12.50 %) are not in the vocabulary; line 7 has only unknown tokens`. Empty if all
/// are known. `side`: source or target.
std::string describe(const UnknownTokens& counts, const char* side);

}  // namespace seq2seq::run
