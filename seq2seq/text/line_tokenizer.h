#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/text/escape.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/wrapping_tokenizer.h"

namespace seq2seq::text {

/// Converts lines of one side to tokens: applies normal form, tokenization and treatment of special symbols.
class LineTokenizer final : public WrappingTokenizer {
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
  bool is_lossless() const override { return WrappingTokenizer::is_lossless() && !normalizer_.active(); }
  void learn(const NextLine& next_line) override;
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;

 private:
  Normalizer normalizer_;
  SpecialSymbols special_symbols_;
};

}  // namespace seq2seq::text
