#include "seq2seq/core/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "seq2seq/core/printable.h"

namespace seq2seq {

namespace {

/// Constraints of a character's first byte on the others: RFC 3629, section 4.
struct Lead {
  size_t bytes;             // of the character; 0: cannot begin one
  uint8_t lowest, highest;  // bounds of the second byte; later bytes are in 0x80 .. 0xBF
};

Lead lead(uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};  // a later byte of a character, or an overlong form
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first < 0xF0)
    return {3, uint8_t(first == 0xE0 ? 0xA0 : 0x80), uint8_t(first == 0xED ? 0x9F : 0xBF)};  // 0xED 0xA0: surrogates
  if (first < 0xF5)
    return {4, uint8_t(first == 0xF0 ? 0x90 : 0x80), uint8_t(first == 0xF4 ? 0x8F : 0xBF)};  // 0x90: beyond U+10FFFF
  return {0, 0, 0};
}

bool continues(char byte) { return (static_cast<uint8_t>(byte) & 0xC0U) == 0x80U; }

std::string describe(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first == 0) return "a NUL byte, which is not text (is it UTF-16, or a binary file?)";
  const Lead expected = lead(first);
  if (expected.bytes == 0) return fmt::format("byte 0x{:02X} cannot begin a character (not UTF-8)", first);
  const auto second = text.size() > 1 ? static_cast<uint8_t>(text[1]) : uint8_t{0};
  if (text.size() > 1 && continues(text[1]) && (second < expected.lowest || second > expected.highest)) {
    return fmt::format("bytes 0x{:02X} 0x{:02X} begin a character that does not exist in Unicode (not UTF-8)", first,
                       second);
  }
  return fmt::format("byte 0x{:02X} begins an incomplete character (not UTF-8)", first);
}

/// Steps over bytes that are not a character one by one.
size_t step(std::string_view text) { return std::max<size_t>(1, character_bytes(text)); }

}  // namespace

size_t character_bytes(std::string_view text) {
  if (text.empty()) return 0;
  const Lead expected = lead(static_cast<uint8_t>(text[0]));
  if (expected.bytes <= 1) return expected.bytes;
  if (text.size() < expected.bytes) return 0;
  const auto second = static_cast<uint8_t>(text[1]);
  if (second < expected.lowest || second > expected.highest) return 0;
  const auto later = text.substr(2, expected.bytes - 2);
  return std::all_of(later.begin(), later.end(), continues) ? expected.bytes : 0;
}

namespace {

/// Returns the position, from `at` on, of the next byte that may be NUL or outside ASCII. Skips eight bytes at a time,
/// because most text is ASCII, and a line may be long.
size_t plain_bytes(std::string_view text, size_t at) {
  constexpr uint64_t kHigh = 0x8080808080808080U, kOnes = 0x0101010101010101U;
  for (uint64_t eight = 0; at + sizeof(eight) <= text.size(); at += sizeof(eight)) {
    std::memcpy(&eight, text.data() + at, sizeof(eight));
    if (((eight | (eight - kOnes)) & kHigh) != 0) break;  // the difference has a high bit where a byte is 0
  }
  return at;
}

}  // namespace

std::optional<TextFault> find_text_fault(std::string_view text) {
  for (size_t at = plain_bytes(text, 0); at < text.size(); at = plain_bytes(text, at)) {
    const size_t bytes = text[at] == '\0' ? 0 : character_bytes(text.substr(at));
    if (bytes == 0) return TextFault{at, describe(text.substr(at))};
    at += bytes;
  }
  return std::nullopt;
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(step(text));
  return count;
}

std::string_view first_characters(std::string_view text, size_t characters) {
  size_t at = 0;
  for (; at < text.size() && characters > 0; --characters) at += step(text.substr(at));
  return text.substr(0, at);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto first = static_cast<uint8_t>(text[0]);
    const size_t bytes = step(text);
    if (first == '\t') {
      result += "\\t";
    } else if ((first < 0x20 && first != '\n') || first == 0x7F || character_bytes(text) == 0) {
      result += fmt::format("\\x{:02X}", first);
    } else {
      result += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return result;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string quote(std::string_view text, size_t longest) {
  const std::string_view shown = first_characters(text, longest);
  std::string result = printable(shown);
  for (size_t at = 0; (at = result.find('\n', at)) != std::string::npos; at += 2) result.replace(at, 1, "\\n");
  return "`" + result + (shown.size() < text.size() ? "...`" : "`");
}

std::string shell_word(const std::string& text) {
  constexpr auto plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  auto inside = text;
  replace_all(inside, "'", "'\\''");
  return "'" + inside + "'";
}

}  // namespace seq2seq
