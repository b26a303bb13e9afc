#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace seq2seq::text {

/// Properties of a code point from ICU (third_party/icu.md). All are false beyond U+10FFFF.
bool is_alphabetic(char32_t character);       // Alphabetic: letters, and marks and signs that behave like letters
bool is_lowercase(char32_t character);        // Lowercase
bool is_numeric(char32_t character);          // general category N: digits, Roman numerals, fractions
bool is_decimal_digit(char32_t character);    // general category Nd
bool is_punctuation(char32_t character);      // general category P
bool is_symbol(char32_t character);           // general category S: mathematics, currencies, modifiers, pictures
bool is_currency_sign(char32_t character);    // general category Sc
bool is_han(char32_t character);              // script Han
uint8_t combining_class(char32_t character);  // 7 nukta, 9 virama, ...
bool is_unicode_blank(char32_t character);    // White_Space, and the four separators of ASCII (U+001C to U+001F)

/// Removes and returns the first character of valid UTF-8, which must not be empty.
char32_t take_character(std::string_view& text);
void append_utf8(std::string& text, char32_t character);

}  // namespace seq2seq::text
