#include "seq2seq/metrics/words.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/unicode.h"

namespace seq2seq::metrics {
namespace {

constexpr char32_t beyond_unicode = 0x110000;

// The blanks beyond ASCII by Python's str.isspace, except U+2000 .. U+200A, which are tested separately.
constexpr std::array<std::string_view, 8> kWideBlanks{"\u0085", "\u00A0", "\u1680", "\u2028",
                                                      "\u2029", "\u202F", "\u205F", "\u3000"};

/// Returns the number of bytes of the blank at the beginning of `text`; 0 if there is none.
std::size_t blank_bytes(std::string_view text) {
  const char first = text[0];
  if (first == ' ' || (first >= '\t' && first <= '\r') || (first >= '\x1C' && first <= '\x1F')) return 1;
  if (static_cast<unsigned char>(first) < 0x80) return 0;
  for (const auto blank : kWideBlanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  if (text.size() < 3 || !text.starts_with("\xE2\x80")) return 0;
  const auto third = static_cast<unsigned char>(text[2]);
  return third >= 0x80 && third <= 0x8A ? 3 : 0;  // U+2000 .. U+200A
}

/// `bytes_of` returns the number of bytes of the blank at the beginning of a text, 0 for none.
template <class BytesOf>
Tokens split_at(std::string_view line, BytesOf bytes_of) {
  Tokens words;
  std::size_t first = 0;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t blank = at == line.size() ? 1 : bytes_of(line.substr(at));
    if (blank > 0 && at > first) words.emplace_back(line.substr(first, at - first));
    at += std::max<std::size_t>(blank, 1);
    if (blank > 0) first = at;
  }
  return words;
}

}  // namespace

Tokens split_words(std::string_view line) { return split_at(line, blank_bytes); }

Tokens split_at_ascii_blanks(std::string_view line) {
  return split_at(line, [](std::string_view text) { return text::is_blank(text[0]) ? std::size_t{1} : 0; });
}

std::string lower_case(std::string_view line) {
  static const text::Normalizer normalizer({.form = text::NormalForm::none, .lowercase = true});
  std::string lowered(line);
  normalizer.apply(lowered);
  return lowered;
}

std::u32string characters_of(std::string_view line) {
  std::u32string characters;
  while (!line.empty()) {
    const std::size_t bytes = character_bytes(line);
    if (bytes > 0) {
      characters += text::take_character(line);
    } else {
      characters += beyond_unicode + static_cast<unsigned char>(line[0]);
      line.remove_prefix(1);
    }
  }
  return characters;
}

std::string line_of(std::u32string_view characters) {
  std::string line;
  for (const char32_t character : characters) {
    if (character < beyond_unicode) {
      text::append_utf8(line, character);
    } else {
      line += static_cast<char>(character - beyond_unicode);
    }
  }
  return line;
}

std::string_view without_first_blanks(std::string_view line) {
  while (!line.empty()) {
    const std::size_t blank = blank_bytes(line);
    if (blank == 0) break;
    line.remove_prefix(blank);
  }
  return line;
}

std::string_view without_final_blanks(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t blank = blank_bytes(line.substr(at));
    at += std::max<std::size_t>(blank, 1);
    if (blank == 0) end = at;
  }
  return line.substr(0, end);
}

}  // namespace seq2seq::metrics
