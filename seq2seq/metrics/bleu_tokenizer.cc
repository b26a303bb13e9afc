#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {
namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_point(char byte) { return byte == '.' || byte == ','; }

/// The rules of mteval-v13a.pl on bytes: it names characters of ASCII only, and a byte of any other is like the
/// character, no digit.
bool stands_alone(char byte) {
  return (byte >= '{' && byte <= '~') || (byte >= '[' && byte <= '`') || (byte >= ' ' && byte <= '&') ||
         (byte >= '(' && byte <= '+') || (byte >= ':' && byte <= '@') || byte == '/';
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string part_symbols(std::string_view line) {
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

/// Replaces each pair of neighbours that `fits` by `before`, the first, `between`, the second, `after`, from left to
/// right; what was replaced is not looked at again, as with a regular expression.
template <class Fits>
std::string part_pairs(std::string_view line, Fits fits, std::string_view before, std::string_view after) {
  std::string result;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (at + 1 < line.size() && fits(line[at], line[at + 1])) {
      result.append(before).append(1, line[at]).append(1, ' ').append(1, line[at + 1]).append(after);
      ++at;
    } else {
      result += line[at];
    }
  }
  return result;
}

std::string part_13a(std::string_view line) {
  std::string text(without_final_blanks(line));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kReplaced{
      {{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}, {"&quot;", "\""}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}}};
  for (const auto& [from, to] : kReplaced) replace_all(text, from, to);
  text = part_symbols(" " + text + " ");
  text = part_pairs(
      text, [](char a, char b) { return !is_digit(a) && is_point(b); }, "", " ");
  text = part_pairs(
      text, [](char a, char b) { return is_point(a) && !is_digit(b); }, " ", "");
  return part_pairs(
      text, [](char a, char b) { return is_digit(a) && b == '-'; }, "", " ");
}

}  // namespace

std::string tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer) {
  std::string result;
  for (const auto& word : split_words(tokenizer == BleuTokenizer::none ? std::string(line) : part_13a(line))) {
    if (!result.empty()) result += ' ';
    result += word;
  }
  return result;
}

}  // namespace seq2seq::metrics
