#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

struct CharacterOptions {};
inline void declare(config::Keys&, CharacterOptions&) {}

/// Each code point is a token. A blank becomes U+2581 `▁`, and a `▁` of the text becomes two of them, so lines with no
/// blanks but spaces are restored exactly; other ASCII blanks become spaces. Each byte that is not UTF-8 is a token.
class CharacterTokenizer final : public Tokenizer {
 public:
  using Options = CharacterOptions;
  explicit CharacterTokenizer(const Options&) {}
  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  std::optional<std::string> between_words() const override { return "\u2581"; }
};

}  // namespace seq2seq::text
