#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/text/tokenizer.h"

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
class FactorsTokenizer final : public Tokenizer {
 public:
  /// `cutter`: must have a value of Tokenizer::between_words().
  explicit FactorsTokenizer(std::shared_ptr<Tokenizer> cutter) : cutter_(std::move(cutter)) {}

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool inverts() const override { return cutter_->inverts(); }

  bool learns() const override { return cutter_->learns(); }
  /// Learns from the words without their factors. Throws Error for a model that does not mark where words begin.
  void learn(const NextLine& next_line) override;
  std::string model() const override { return cutter_->model(); }
  void set_model(std::string_view bytes) override;

  bool samples() const override { return cutter_->samples(); }
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;
  std::vector<std::string> pieces() const override { return cutter_->pieces(); }

 private:
  void check_model() const;

  std::shared_ptr<Tokenizer> cutter_;
};

}  // namespace seq2seq::text
