#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/error.h"

namespace seq2seq::data {

/// The form of a source line: its number of sentences, and of factors per word.
struct SourceForm {
  int64_t factors = 0;  // values after each word: data/factors.h
  int64_t parts = 1;    // sentences with text::part_separator between them

  bool plain() const { return factors == 0 && parts == 1; }
  /// Returns true if the token separates two parts.
  bool separates(std::string_view token) const;
};

/// Throws Error for a line with a different number of parts, and for a word without a value for each factor. `tokens`:
/// of `line`, at `place`.
void check_source(const std::vector<std::string>& tokens, const SourceForm& form, std::string_view line,
                  const Place& place);

/// Returns the number of tokens of each part of a source, at least one part.
std::vector<int64_t> part_lengths(const std::vector<std::string>& tokens, const SourceForm& form);

}  // namespace seq2seq::data
