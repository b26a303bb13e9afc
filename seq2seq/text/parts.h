#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

/// The token between the parts of a line, each a sentence: `guten Tag ||| bonjour`.
inline constexpr std::string_view part_separator = "|||";

/// Splits each part of a line with another tokenizer. Separators stay separate tokens.
class PartsTokenizer final : public Tokenizer {
 public:
  explicit PartsTokenizer(std::shared_ptr<Tokenizer> cutter) : cutter_(std::move(cutter)) {}

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool inverts() const override { return cutter_->inverts(); }

  bool learns() const override { return cutter_->learns(); }
  /// Treats each part as a line.
  void learn(const NextLine& next_line) override;
  std::string model() const override { return cutter_->model(); }
  void set_model(std::string_view bytes) override { cutter_->set_model(bytes); }

  bool samples() const override { return cutter_->samples(); }
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;
  std::vector<std::string> pieces() const override { return cutter_->pieces(); }

 private:
  std::shared_ptr<Tokenizer> cutter_;
};

}  // namespace seq2seq::text
