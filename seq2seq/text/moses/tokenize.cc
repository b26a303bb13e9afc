#include "seq2seq/text/moses/tokenize.h"

#include <algorithm>
#include <cstddef>

#include "seq2seq/text/moses/characters.h"
#include "seq2seq/text/moses/words.h"
#include "seq2seq/text/unicode.h"

namespace seq2seq::text::moses {
namespace {

// Stands for a full stop of an ellipsis until all other full stops are processed. Not a code point, so no text contains
// it.
constexpr char32_t kEllipsisStop = 0x110000;

bool no_number(char32_t character) { return !is_number(character); }

/// Returns the characters of the line with any run of blanks as one space, without blanks at the ends and without
/// control characters.
std::u32string clean(std::string_view line) {
  std::u32string text;
  text.reserve(line.size() + 1);
  bool blank = false;
  while (!line.empty()) {
    const char32_t character = take_character(line);
    if (is_unicode_blank(character)) {
      blank = true;
    } else if (character >= 0x20) {
      if (blank && !text.empty()) text += U' ';
      blank = false;
      text += character;
    }
  }
  return text;
}

bool joins_letters(const std::u32string& text, std::size_t dash) {
  return dash > 0 && dash + 1 < text.size() && is_letter_or_digit(text[dash - 1]) && is_letter_or_digit(text[dash + 1]);
}

/// Separates marks from words, ellipses from their neighbours and, if `dashes`, the halves of compounds.
std::u32string separate_marks(const std::u32string& text, bool dashes) {
  std::u32string result;
  result.reserve(text.size() * 3 / 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char32_t character = text[at];
    if (character == U'.' && at + 1 < text.size() && text[at + 1] == U'.') {
      const std::size_t end = std::min(text.find_first_not_of(U'.', at), text.size());
      result += U' ';
      result.append(end - at, kEllipsisStop);
      result += U' ';
      at = end - 1;
    } else if (dashes && character == U'-' && joins_letters(text, at)) {
      result += U" @-@ ";
    } else if (stands_alone(character)) {
      result += U' ';
      result += character;
      result += U' ';
    } else {
      result += character;
    }
  }
  return result;
}

void apply(const Rule& rule, std::u32string& text) {
  std::size_t mark = text.find(rule.mark);
  if (mark == std::u32string::npos) return;
  std::u32string result;
  std::size_t done = 0;
  for (; mark != std::u32string::npos; mark = text.find(rule.mark, std::max(mark + 1, done))) {
    if (rule.before != nullptr && (mark == done || !rule.before(text[mark - 1]))) continue;
    if (rule.after != nullptr && (mark + 1 == text.size() || !rule.after(text[mark + 1]))) continue;
    result.append(text, done, mark - done);
    result += rule.replacement;
    if (rule.after != nullptr) result += text[mark + 1];
    done = mark + (rule.after != nullptr ? 2 : 1);
  }
  result.append(text, done);
  text = std::move(result);
}

/// Separates commas, except between digits.
void separate_commas(std::u32string& text) {
  apply({no_number, nullptr, U',', U" , "}, text);
  apply({nullptr, no_number, U',', U" , "}, text);
  if (text.size() > 1 && text.back() == U',' && is_number(text[text.size() - 2])) {
    text.back() = U' ';
    text += U',';
  }
}

/// Returns true if the full stop after `word` is part of it. `next` is the word that follows, empty at the end.
bool keeps_stop(std::u32string_view word, std::u32string_view next, const Language& language) {
  if (word.find(U'.') != std::u32string_view::npos && std::any_of(word.begin(), word.end(), is_letter)) return true;
  if (language.is_abbreviation(word)) return true;
  if (next.empty()) return false;
  if (is_lowercase(next[0])) return true;
  return language.is_abbreviation_before_number(word) && next[0] >= U'0' && next[0] <= U'9';
}

const char* entity(char32_t character) {
  switch (character) {
    case U'&':
      return "&amp;";
    case U'|':
      return "&#124;";
    case U'<':
      return "&lt;";
    case U'>':
      return "&gt;";
    case U'\'':
      return "&apos;";
    case U'"':
      return "&quot;";
    case U'[':
      return "&#91;";
    case U']':
      return "&#93;";
    default:
      return nullptr;
  }
}

std::string encode(std::u32string_view word, bool escape) {
  std::string token;
  token.reserve(word.size());
  for (const char32_t character : word) {
    const char* const name = escape ? entity(character) : nullptr;
    if (name != nullptr) {
      token += name;
    } else {
      append_utf8(token, character == kEllipsisStop ? U'.' : character);
    }
  }
  return token;
}

}  // namespace

std::vector<std::string> tokenize(std::string_view line, const Language& language, const Style& style) {
  auto text = separate_marks(clean(line), style.aggressive_dashes);
  separate_commas(text);
  for (const Rule& rule : language.apostrophes) apply(rule, text);
  const auto words = words_between_spaces(text);
  std::vector<std::string> tokens;
  tokens.reserve(words.size() + 2);
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto word = words[i];
    const bool last = i + 1 == words.size();
    std::u32string_view rest;
    if (last && word.ends_with(U".'")) {  // a quotation at the end of the line
      rest = word.substr(word.size() - 2);
    } else if (word.size() > 1 && word.ends_with(U'.') &&
               !keeps_stop(word.substr(0, word.size() - 1), last ? std::u32string_view() : words[i + 1], language)) {
      rest = word.substr(word.size() - 1);
    }
    word.remove_suffix(rest.size());
    if (!word.empty()) tokens.push_back(encode(word, style.escape));
    for (std::size_t at = 0; at < rest.size(); ++at) tokens.push_back(encode(rest.substr(at, 1), style.escape));
  }
  return tokens;
}

}  // namespace seq2seq::text::moses
