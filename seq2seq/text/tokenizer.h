#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/text/draws.h"

namespace seq2seq::text {

/// Reads the next line of a text into the string; returns false at the end.
using NextLine = std::function<bool(std::string&)>;

/// Splits a line of valid UTF-8 into tokens and joins tokens to a line. Does not change after learning, so threads may
/// share it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<std::string> tokenize(std::string_view line) const = 0;  // tokens: not empty, without blanks
  virtual std::string detokenize(const std::vector<std::string>& tokens) const = 0;
  /// Returns true if lines with no blanks but single spaces between words are restored exactly.
  virtual bool is_lossless() const { return true; }

  /// Returns the token between two words if words are split separately, such as `▁` of characters; empty: no token. No
  /// value: the split of a word depends on its neighbours, so words cannot be split separately.
  virtual std::optional<std::string> between_words() const { return std::nullopt; }

  /// Returns true if it needs `learn` or `set_model` before it is used.
  virtual bool learns() const { return false; }
  /// Learns from a text, which it reads to the end, in bounded memory. The same text results in the same model.
  virtual void learn(const NextLine& next_line);
  /// Returns the learned model, to be stored with the data made from it; empty if the tokenizer does not learn.
  virtual std::string model() const { return {}; }
  /// Loads the model of a tokenizer with the same options. Throws FormatError if it is not such a model.
  virtual void set_model(std::string_view bytes);

  /// Returns true if `sample` is random: each epoch must then tokenize the training text again.
  virtual bool samples() const { return false; }
  /// Returns a random segmentation of the line that depends only on line, options, model and draws.
  virtual std::vector<std::string> sample(std::string_view line, Draws& draws) const;
  /// Returns the tokens that `sample` can produce, except unknown characters. The vocabulary needs them even if no best
  /// segmentation has them.
  virtual std::vector<std::string> pieces() const { return {}; }
};

using TokenizerRegistry = Registry<Tokenizer>;
TokenizerRegistry builtin_tokenizers();  // whitespace, character, moses, sentencepiece

}  // namespace seq2seq::text
