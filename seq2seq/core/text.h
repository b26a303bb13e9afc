#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seq2seq {

/// The reason why bytes are not text, with the place.
struct TextFault {
  size_t offset = 0;    // of the first byte of the wrong character, counted from 0
  std::string problem;  // `byte 0xC3 begins a character that does not end (not UTF-8)`
};

/// Returns the first place where bytes are not UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above
/// U+10FFFF), or are NUL, which is valid UTF-8 but not text: UTF-16 files contain many of them.
std::optional<TextFault> find_text_fault(std::string_view text);

/// Returns the number of bytes of the first character of `text`; 0 if it does not begin with a character.
size_t character_bytes(std::string_view text);

/// Counts the characters (code points) of a text; each byte that is not UTF-8 counts as one.
size_t count_characters(std::string_view text);

/// Returns the first `characters` characters of the text, never a part of one.
std::string_view first_characters(std::string_view text, size_t characters);

/// Returns the pieces between separators, including empty ones: one more than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Replaces every occurrence of `from`, which must not be empty.
void replace_all(std::string& text, std::string_view from, std::string_view to);

/// Returns the text for a message: between backticks, on one line, with control characters and bytes that are not UTF-8
/// as `\x1B`, and cut if it is long.
std::string quote(std::string_view text, size_t longest = 60);

/// Returns the text as one word of a shell command: unchanged if it has only ASCII letters, digits and marks without a
/// meaning in a shell, otherwise in single quotes.
std::string shell_word(const std::string& text);

}  // namespace seq2seq
