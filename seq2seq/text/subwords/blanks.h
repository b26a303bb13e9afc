#pragma once

#include <string>
#include <string_view>

namespace seq2seq::text::subwords {

/// SentencePiece's mark for a space, in input and output: U+2581 `▁`.
inline constexpr std::string_view blank_mark = "\u2581";

/// Prepares a line for SentencePiece: other ASCII blanks become spaces, a `▁` of the text becomes `▂▃` (U+2582 U+2583),
/// and a `▂` becomes `▂▂`, so that neither looks like a space.
std::string escape_blanks(std::string_view line);

/// Restores escaped text with spaces written `▁`.
std::string unescape_blanks(std::string_view text);

}  // namespace seq2seq::text::subwords
