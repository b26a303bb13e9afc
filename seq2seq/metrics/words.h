#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seq2seq::metrics {

using Tokens = std::vector<std::string>;

/// Returns the words between blanks; every Unicode white space counts as a blank. sacreBLEU splits lines with Python's
/// `str.split`, which also splits at U+00A0, U+2028, U+3000 and so on.
Tokens split_words(std::string_view line);

/// Returns the words between ASCII blanks, as Perl's `split` does for bytes.
Tokens split_at_ascii_blanks(std::string_view line);

/// Returns the line in lower case by Unicode's full mapping, as Python's `str.lower` and `sacrebleu --lowercase` do.
std::string lower_case(std::string_view line);

/// Returns the characters of a line. A byte that is not UTF-8 becomes a number beyond Unicode that no character has.
std::u32string characters_of(std::string_view line);
/// The inverse of characters_of().
std::string line_of(std::u32string_view characters);

/// The line without the blanks at its beginning.
std::string_view without_first_blanks(std::string_view line);
/// The line without the blanks at its end.
std::string_view without_final_blanks(std::string_view line);

}  // namespace seq2seq::metrics
