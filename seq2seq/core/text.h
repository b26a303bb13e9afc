#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seq2seq {

/// Why bytes are not text, and where.
struct TextFault {
  size_t offset = 0;    // of the first byte of the character that is wrong, from 0
  std::string problem;  // `byte 0xC3 begins a character that does not end (not UTF-8)`
};

/// The first place where bytes are not UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF) or are
/// NUL, which is valid but no text: a file of UTF-16 is full of them.
std::optional<TextFault> find_text_fault(std::string_view text);

/// Bytes of the character that begins `text`; 0 when none does.
size_t character_bytes(std::string_view text);

/// Characters (code points) of a text; bytes that are not UTF-8 count one each.
size_t count_characters(std::string_view text);

/// The first `characters` of the text, never half of one.
std::string_view first_characters(std::string_view text, size_t characters);

/// The pieces between separators, empty ones too: one more than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);

/// For messages: the text between backticks on one line, control characters and bytes that are not UTF-8 as `\x1B`,
/// long ones cut.
std::string quote(std::string_view text, size_t longest = 60);

}  // namespace seq2seq
