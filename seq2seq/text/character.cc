#include "seq2seq/text/character.h"

#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"

namespace seq2seq::text {
namespace {

constexpr std::string_view kBlank = "\u2581";
constexpr std::string_view kBlankItself = "\u2581\u2581";

}  // namespace

std::vector<std::string> CharacterTokenizer::tokenize(std::string_view line) const {
  std::vector<std::string> tokens;
  tokens.reserve(line.size());
  while (!line.empty()) {
    const auto character = first_characters(line, 1);
    if (is_blank(character[0])) {
      tokens.emplace_back(kBlank);
    } else {
      tokens.emplace_back(character == kBlank ? kBlankItself : character);
    }
    line.remove_prefix(character.size());
  }
  return tokens;
}

std::string CharacterTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  std::string line;
  for (const auto& token : tokens) {
    if (token == kBlank) {
      line += ' ';
    } else {
      line += token == kBlankItself ? kBlank : std::string_view(token);
    }
  }
  return line;
}

}  // namespace seq2seq::text
