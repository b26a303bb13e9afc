#pragma once

namespace seq2seq::text::moses {

// The classes of characters that Moses' rules speak of, as sacremoses has them: those of the Basic Multilingual Plane,
// without Han and the syllables of Hangul, whose characters are therefore tokens of their own.
bool is_letter(char32_t character);  // Alphabetic, or a nukta or virama, which join letters
bool no_letter(char32_t character);
bool is_letter_or_digit(char32_t character);
bool is_number(char32_t character);  // fractions and Roman numerals too
bool is_lowercase(char32_t character);
/// A mark that stands alone wherever it is: neither letter nor digit nor blank nor one of . ' ` , - which have rules.
bool stands_alone(char32_t character);
/// East Asian, by blocks of Unicode: such words are put together without a blank.
bool is_east_asian(char32_t character);

}  // namespace seq2seq::text::moses
