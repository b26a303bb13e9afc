#include "seq2seq/text/factors.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

#include "seq2seq/core/error.h"
#include "seq2seq/text/characters.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::text {
namespace {

std::string_view without_factors(std::string_view token) { return token.substr(0, token.find(factor_mark)); }

std::vector<std::string> words_of(std::string_view line) { return WhitespaceTokenizer({}).tokenize(line); }

/// Returns the tokens of each word by `cut`, with the word's factors.
template <class Cut>
std::vector<std::string> cut_words(std::string_view line, const std::string& between, const Cut& cut) {
  std::vector<std::string> tokens;
  for (const auto& word : words_of(line)) {
    const auto text = without_factors(word), factors = std::string_view(word).substr(text.size());
    if (!tokens.empty() && !between.empty()) tokens.push_back(between + std::string(factors));
    for (auto& token : cut(text)) tokens.push_back(std::move(token += factors));
  }
  return tokens;
}

std::string without_blanks(const std::string& text) {
  std::string rest;
  std::ranges::copy_if(text, std::back_inserter(rest), [](char character) { return !is_blank(character); });
  return rest;
}

}  // namespace

FactoredToken split_factors(std::string_view token) {
  FactoredToken split{.word = without_factors(token), .values = {}};
  for (auto end = split.word.size(); end < token.size();) {
    const auto begin = end + factor_mark.size();
    end = std::min(token.find(factor_mark, begin), token.size());
    split.values.push_back(token.substr(begin, end - begin));
  }
  return split;
}

std::vector<std::string> FactorsTokenizer::tokenize(std::string_view line) const {
  return cut_words(line, cutter().between_words().value(),
                   [this](std::string_view word) { return cutter().tokenize(word); });
}

std::vector<std::string> FactorsTokenizer::sample(std::string_view line, Draws& draws) const {
  return cut_words(line, cutter().between_words().value(),
                   [&](std::string_view word) { return cutter().sample(word, draws); });
}

std::string FactorsTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  std::vector<std::string> texts;
  texts.reserve(tokens.size());
  for (const auto& token : tokens) texts.emplace_back(without_factors(token));
  std::string line;
  std::size_t next = 0;
  for (const auto& word : words_of(cutter().detokenize(texts))) {
    // The tokens of this word, including following tokens that add no text, such as a blank before the next word.
    std::vector<std::string> own;
    std::optional<std::size_t> completing;
    for (; next < texts.size(); ++next) {
      own.push_back(texts[next]);
      const bool whole = without_blanks(cutter().detokenize(own)) == word;
      if (completing && !whole) break;
      if (whole && !completing) completing = next;
    }
    const auto last = completing.value_or(tokens.size() - 1);
    if (!line.empty()) line += ' ';
    line += word;
    line += std::string_view(tokens[last]).substr(texts[last].size());
  }
  return line;
}

void FactorsTokenizer::learn(const NextLine& next_line) {
  cutter().learn([&](std::string& line) {
    if (!next_line(line)) return false;
    auto words = words_of(line);
    for (auto& word : words) word.resize(without_factors(word).size());
    line = WhitespaceTokenizer({}).detokenize(words);
    return true;
  });
  check_model();
}

void FactorsTokenizer::set_model(std::string_view bytes) {
  cutter().set_model(bytes);
  check_model();
}

void FactorsTokenizer::check_model() const {
  const auto tokens =
      cut_words("a b", *cutter().between_words(), [this](auto word) { return cutter().tokenize(word); });
  if (words_of(cutter().detokenize(tokens)).size() == 2) return;
  throw Error("the tokenizer's model does not tell where a word begins, so it cannot cut words with factors",
              "Use a SentencePiece model with `add_dummy_prefix`, or cut the text beforehand and use `whitespace`");
}

}  // namespace seq2seq::text
