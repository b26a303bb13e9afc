#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/text/wrapping_tokenizer.h"

namespace seq2seq::text {

/// The mark before each factor of a source word or token: U+FFE8, as in OpenNMT.
inline constexpr std::string_view factor_mark = "\uFFE8";

/// A word or token, split into its text and the values of its factors: `Häuser￨NN￨plural` is `Häuser` with `NN` and
/// `plural`.
struct FactoredToken {
  std::string_view word;
  std::vector<std::string_view> values;
};
FactoredToken split_factors(std::string_view token);

/// Splits each word of a line with another tokenizer. Each of its tokens gets the factors of the word: `Häuser￨NN`
/// becomes `▁Häus￨NN` and `er￨NN`. A token between two words gets the factors of the second.
class FactorsTokenizer final : public WrappingTokenizer {
 public:
  /// `cutter`: must have a value of Tokenizer::between_words().
  using WrappingTokenizer::WrappingTokenizer;

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  /// Learns from the words without their factors. Throws Error for a model that does not mark where words begin.
  void learn(const NextLine& next_line) override;
  void set_model(std::string_view bytes) override;
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;

 private:
  void check_model() const;
};

}  // namespace seq2seq::text
