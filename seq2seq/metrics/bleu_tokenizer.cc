#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "seq2seq/core/text.h"
#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/words.h"
#include "seq2seq/text/unicode.h"

namespace seq2seq::metrics {
namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_point(char byte) { return byte == '.' || byte == ','; }

/// The rules of mteval-v13a.pl on bytes: they name only ASCII characters, and a byte of any other character is treated
/// as a character that is not a digit.
bool stands_alone(char byte) {
  return (byte >= '{' && byte <= '~') || (byte >= '[' && byte <= '`') || (byte >= ' ' && byte <= '&') ||
         (byte >= '(' && byte <= '+') || (byte >= ':' && byte <= '@') || byte == '/';
}

std::string separate_symbols(std::string_view line) {
  std::string result;
  for (const char byte : line) {
    if (stands_alone(byte)) {
      result += {' ', byte, ' '};
    } else {
      result += byte;
    }
  }
  return result;
}

/// Replaces each pair of neighbours that `fits` by `before`, the first, a space, the second and `after`, from left to
/// right. Replaced text is not matched again, as with a regular expression.
template <class Text, class Fits>
Text part_pairs(const Text& line, Fits fits, std::string_view before, std::string_view after) {
  Text result;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (at + 1 < line.size() && fits(line[at], line[at + 1])) {
      result.append(before.begin(), before.end()).append(1, line[at]).append(1, ' ').append(1, line[at + 1]);
      result.append(after.begin(), after.end());
      ++at;
    } else {
      result += line[at];
    }
  }
  return result;
}

/// Returns the text with a blank on either side of each character for which `alone` is true.
template <class Alone>
std::u32string set_apart(const std::u32string& characters, Alone alone) {
  std::u32string result;
  for (const char32_t character : characters) {
    if (alone(character)) {
      result.append(1, U' ').append(1, character).append(1, U' ');
    } else {
      result += character;
    }
  }
  return result;
}

/// The last steps, common to 13a and zh.
std::string tokenize_western(std::string_view line) {
  auto text = separate_symbols(line);
  text = part_pairs(
      text, [](char a, char b) { return !is_digit(a) && is_point(b); }, "", " ");
  text = part_pairs(
      text, [](char a, char b) { return is_point(a) && !is_digit(b); }, " ", "");
  return part_pairs(
      text, [](char a, char b) { return is_digit(a) && b == '-'; }, "", " ");
}

std::string tokenize_13a(std::string_view line) {
  std::string text(without_final_blanks(line));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kReplaced{
      {{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}, {"&quot;", "\""}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}}};
  for (const auto& [from, to] : kReplaced) replace_all(text, from, to);
  return tokenize_western(" " + text + " ");
}

/// Separates punctuation unless it is between digits, and all symbols: mteval-v14.pl.
std::string part_international(std::string_view line) {
  using text::is_numeric, text::is_punctuation;
  auto characters = characters_of(without_final_blanks(line));
  characters = part_pairs(
      characters, [](char32_t a, char32_t b) { return !is_numeric(a) && is_punctuation(b); }, "", " ");
  characters = part_pairs(
      characters, [](char32_t a, char32_t b) { return is_punctuation(a) && !is_numeric(b); }, " ", "");
  return line_of(set_apart(characters, text::is_symbol));
}

/// Returns true for characters that sacreBLEU regards as Chinese: blocks of ideographs, their parts and their
/// punctuation. Two of its ranges are meant for planes beyond the first, but are written as U+2001 to U+2A6D and U+2F81
/// to U+2FA1. We keep them, so that scores can be compared with published ones.
bool is_chinese(char32_t character) {
  constexpr std::array<std::pair<char32_t, char32_t>, 20> ranges{
      {{0x2001, 0x2A6D}, {0x2E80, 0x2EFF}, {0x2F00, 0x2FDF}, {0x2F81, 0x2FA1}, {0x2FF0, 0x2FFF},
       {0x3000, 0x303F}, {0x3100, 0x312F}, {0x31A0, 0x31BF}, {0x31C0, 0x31EF}, {0x3200, 0x32FF},
       {0x3300, 0x33FF}, {0x3400, 0x4DB5}, {0x4E00, 0x9FA5}, {0x9FA6, 0x9FBB}, {0xF900, 0xFA2D},
       {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}}};
  return std::any_of(ranges.begin(), ranges.end(),
                     [character](const auto& range) { return range.first <= character && character <= range.second; });
}

std::string part_chinese(std::string_view line) {
  const auto inner = without_first_blanks(without_final_blanks(line));
  return tokenize_western(line_of(set_apart(characters_of(inner), is_chinese)));
}

std::string part_characters(std::string_view line) {
  return line_of(set_apart(characters_of(line), [](char32_t /*any*/) { return true; }));
}

std::string tokenized_line(std::string_view line, BleuTokenizer tokenizer) {
  switch (tokenizer) {
    case BleuTokenizer::none:
      break;
    case BleuTokenizer::mteval_13a:
      return tokenize_13a(line);
    case BleuTokenizer::international:
      return part_international(line);
    case BleuTokenizer::chinese:
      return part_chinese(line);
    case BleuTokenizer::characters:
      return part_characters(line);
  }
  return std::string(line);
}

}  // namespace

std::string tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer) {
  std::string result;
  for (const auto& word : split_words(tokenized_line(line, tokenizer))) {
    if (!result.empty()) result += ' ';
    result += word;
  }
  return result;
}

}  // namespace seq2seq::metrics
