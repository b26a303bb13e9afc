#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/text/escape.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

/// Converts lines of one side to tokens: applies normal form, tokenization and treatment of special symbols.
class LineTokenizer final : public Tokenizer {
 public:
  LineTokenizer(const NormalizeOptions& normalize, SpecialSymbols special_symbols, std::shared_ptr<Tokenizer> cutter);

  /// Changes of a line during tokenization.
  struct Changes {
    bool normalized = false, escaped = false;
    std::string refused;  // a special symbol of the line, if the options make it an error
  };
  std::vector<std::string> tokenize(std::string_view line, Changes& changes) const;

  /// Tokenizes a line without normalization, for lines that are only compared with tokens.
  std::vector<std::string> cut(std::string_view line) const;

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool inverts() const override { return cutter_->inverts() && !normalizer_.active(); }

  bool learns() const override { return cutter_->learns(); }
  void learn(const NextLine& next_line) override;
  std::string model() const override { return cutter_->model(); }
  void set_model(std::string_view bytes) override { cutter_->set_model(bytes); }

  bool samples() const override { return cutter_->samples(); }
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;
  std::vector<std::string> pieces() const override { return cutter_->pieces(); }

 private:
  Normalizer normalizer_;
  SpecialSymbols special_symbols_;
  std::shared_ptr<Tokenizer> cutter_;
};

}  // namespace seq2seq::text
