#include "seq2seq/text/moses/characters.h"

#include <algorithm>
#include <array>

#include "seq2seq/text/unicode.h"

namespace seq2seq::text::moses {
namespace {

struct Range {
  char32_t first, last;
};

bool is_ascii_digit(char32_t character) { return character >= '0' && character <= '9'; }
bool is_ascii_letter(char32_t character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

bool has_no_class(char32_t character) {
  return character > 0xFFFF || (character >= 0xAC00 && character <= 0xD7A3) || is_han(character);
}

}  // namespace

bool is_letter(char32_t character) {
  if (character < 0x80) return is_ascii_letter(character);
  if (is_alphabetic(character)) return !has_no_class(character);
  const auto joins = combining_class(character);
  return joins == 7 || joins == 9;
}

bool no_letter(char32_t character) { return !is_letter(character); }

bool is_letter_or_digit(char32_t character) {
  if (character < 0x80) return is_ascii_letter(character) || is_ascii_digit(character);
  return is_letter(character) || (is_decimal_digit(character) && !has_no_class(character));
}

bool is_number(char32_t character) {
  if (character < 0x80) return is_ascii_digit(character);
  return is_numeric(character) && !has_no_class(character);
}

bool is_lowercase(char32_t character) {
  return character < 0x80 ? character >= 'a' && character <= 'z' : text::is_lowercase(character);
}

bool stands_alone(char32_t character) {
  switch (character) {
    case ' ':
    case '.':
    case '\'':
    case '`':
    case ',':
    case '-':
      return false;
    default:
      return !is_letter_or_digit(character);
  }
}

bool is_east_asian(char32_t character) {
  constexpr std::array<Range, 11> kBlocks{{
      {0x1100, 0x11FF},    // Hangul Jamo
      {0x2E80, 0xA4CF},    // CJK Radicals Supplement to Yi Radicals
      {0xA840, 0xA87F},    // Phags-pa
      {0xAC00, 0xD7AF},    // Hangul Syllables
      {0xF900, 0xFAFF},    // CJK Compatibility Ideographs
      {0xFE30, 0xFE4F},    // CJK Compatibility Forms
      {0xFF65, 0xFFDC},    // half-width Katakana and Hangul
      {0x17000, 0x18AFF},  // Tangut
      {0x1B000, 0x1B12F},  // Kana Supplement
      {0x1B170, 0x1B2FF},  // Nushu
      {0x20000, 0x2FFFF},  // the Supplementary Ideographic Plane
  }};
  if (character < kBlocks.front().first) return false;
  return std::any_of(kBlocks.begin(), kBlocks.end(),
                     [character](const Range& block) { return block.first <= character && character <= block.last; });
}

}  // namespace seq2seq::text::moses
