#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/text/wrapping_tokenizer.h"

namespace seq2seq::text {

/// The token between the parts of a line, each a sentence: `guten Tag ||| bonjour`.
inline constexpr std::string_view part_separator = "|||";

/// Splits each part of a line with another tokenizer. Separators stay separate tokens.
class PartsTokenizer final : public WrappingTokenizer {
 public:
  using WrappingTokenizer::WrappingTokenizer;

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  /// Treats each part as a line.
  void learn(const NextLine& next_line) override;
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;
};

}  // namespace seq2seq::text
