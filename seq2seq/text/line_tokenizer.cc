#include "seq2seq/text/line_tokenizer.h"

#include <utility>

namespace seq2seq::text {

LineTokenizer::LineTokenizer(const NormalizeOptions& normalize, SpecialSymbols special_symbols,
                             std::shared_ptr<Tokenizer> cutter)
    : WrappingTokenizer(std::move(cutter)), normalizer_(normalize), special_symbols_(special_symbols) {}

std::vector<std::string> LineTokenizer::tokenize(std::string_view line, Changes& changes) const {
  std::vector<std::string> tokens;
  if (normalizer_.active()) {
    std::string normal(line);
    changes.normalized = normalizer_.apply(normal);
    tokens = cutter().tokenize(normal);
  } else {
    tokens = cutter().tokenize(line);
  }
  if (special_symbols_ == SpecialSymbols::escape) changes.escaped = escape_special_symbols(tokens);
  if (special_symbols_ == SpecialSymbols::error) {
    if (const auto found = find_special_symbol(tokens)) changes.refused = tokens[*found];
  }
  return tokens;
}

std::vector<std::string> LineTokenizer::tokenize(std::string_view line) const {
  Changes ignored;
  return tokenize(line, ignored);
}

std::vector<std::string> LineTokenizer::cut(std::string_view line) const {
  auto tokens = cutter().tokenize(line);
  if (special_symbols_ == SpecialSymbols::escape) escape_special_symbols(tokens);
  return tokens;
}

std::string LineTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  if (special_symbols_ != SpecialSymbols::escape) return cutter().detokenize(tokens);
  auto words = tokens;
  unescape_special_symbols(words);
  return cutter().detokenize(words);
}

void LineTokenizer::learn(const NextLine& next_line) {
  cutter().learn([&](std::string& line) {
    if (!next_line(line)) return false;
    if (normalizer_.active()) normalizer_.apply(line);
    return true;
  });
}

std::vector<std::string> LineTokenizer::sample(std::string_view line, Draws& draws) const {
  std::string normal(line);
  if (normalizer_.active()) normalizer_.apply(normal);
  auto tokens = cutter().sample(normal, draws);
  if (special_symbols_ == SpecialSymbols::escape) escape_special_symbols(tokens);
  return tokens;
}

}  // namespace seq2seq::text
