#include "seq2seq/text/whitespace.h"

#include <cstddef>

#include "seq2seq/text/characters.h"

namespace seq2seq::text {

std::vector<std::string> WhitespaceTokenizer::tokenize(std::string_view line) const {
  std::vector<std::string> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return tokens;
    const std::size_t first = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    tokens.emplace_back(line.substr(first, at - first));
  }
}

std::string WhitespaceTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  std::string line;
  for (const auto& token : tokens) {
    if (!line.empty()) line += ' ';
    line += token;
  }
  return line;
}

}  // namespace seq2seq::text
