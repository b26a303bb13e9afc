#pragma once

namespace seq2seq::text::moses {

// The character classes in Moses' rules, as in sacremoses: those of the Basic Multilingual Plane, without Han and the
// syllables of Hangul, so that each of those characters is a separate token.
bool is_letter(char32_t character);  // Alphabetic, or a nukta or virama, which join letters
bool no_letter(char32_t character);
bool is_letter_or_digit(char32_t character);
bool is_number(char32_t character);  // also fractions and Roman numerals
bool is_lowercase(char32_t character);
/// Returns true for a mark that is always a separate token: not a letter, digit or blank, nor one of . ' ` , - which
/// have rules.
bool stands_alone(char32_t character);
/// Returns true for an East Asian character, by Unicode block: such words are joined without a blank.
bool is_east_asian(char32_t character);

}  // namespace seq2seq::text::moses
