#include "seq2seq/text/unicode.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

namespace seq2seq::text {
namespace {

bool has(char32_t character, UProperty property) {
  return u_hasBinaryProperty(static_cast<UChar32>(character), property) != 0;
}

bool in_category(char32_t character, uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(character)) & mask) != 0;
}

char32_t later_byte(char byte) { return static_cast<uint8_t>(byte) & 0x3FU; }

}  // namespace

bool is_alphabetic(char32_t character) { return has(character, UCHAR_ALPHABETIC); }
bool is_lowercase(char32_t character) { return has(character, UCHAR_LOWERCASE); }
bool is_han(char32_t character) {
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(static_cast<UChar32>(character), &status) == USCRIPT_HAN;
}
bool is_numeric(char32_t character) { return in_category(character, U_GC_N_MASK); }
bool is_decimal_digit(char32_t character) { return in_category(character, U_GC_ND_MASK); }
bool is_punctuation(char32_t character) { return in_category(character, U_GC_P_MASK); }
bool is_symbol(char32_t character) { return in_category(character, U_GC_S_MASK); }
bool is_currency_sign(char32_t character) {
  return character < 0x80 ? character == '$' : in_category(character, U_GC_SC_MASK);
}
uint8_t combining_class(char32_t character) { return u_getCombiningClass(static_cast<UChar32>(character)); }

bool is_unicode_blank(char32_t character) {
  if (character < 0x80)
    return character == ' ' || (character >= 0x09 && character <= 0x0D) || (character >= 0x1C && character <= 0x1F);
  return has(character, UCHAR_WHITE_SPACE);
}

char32_t take_character(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  if (first < 0xE0) {
    const char32_t character = (char32_t{first} & 0x1FU) << 6U | later_byte(text[1]);
    text.remove_prefix(2);
    return character;
  }
  if (first < 0xF0) {
    const char32_t character = (char32_t{first} & 0x0FU) << 12U | later_byte(text[1]) << 6U | later_byte(text[2]);
    text.remove_prefix(3);
    return character;
  }
  const char32_t character =
      (char32_t{first} & 0x07U) << 18U | later_byte(text[1]) << 12U | later_byte(text[2]) << 6U | later_byte(text[3]);
  text.remove_prefix(4);
  return character;
}

void append_utf8(std::string& text, char32_t character) {
  const auto later = [&text, character](unsigned shift) {
    text += static_cast<char>(0x80U | ((character >> shift) & 0x3FU));
  };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xC0U | character >> 6U);
    later(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xE0U | character >> 12U);
    later(6), later(0);
  } else {
    text += static_cast<char>(0xF0U | character >> 18U);
    later(12), later(6), later(0);
  }
}

}  // namespace seq2seq::text
