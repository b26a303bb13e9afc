#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/text/draws.h"

namespace seq2seq::text {

/// Puts the next line of a text into the string; false at the end.
using NextLine = std::function<bool(std::string&)>;

/// Cuts a line of valid UTF-8 into tokens and puts tokens together again. Once it has what it learns, it changes no
/// more, and threads may share it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<std::string> tokenize(std::string_view line) const = 0;  // no token is empty or holds a blank
  virtual std::string detokenize(const std::vector<std::string>& tokens) const = 0;
  /// Whether every line whose only blanks are single spaces between words comes back as it was.
  virtual bool inverts() const { return true; }

  /// Whether it needs `learn` or `set_model` before it is used.
  virtual bool learns() const { return false; }
  /// Learns from a text that it reads to the end, with memory that is bounded; the same text gives the same model.
  virtual void learn(const NextLine& next_line);
  /// What was learned, to be kept beside what was made with it; empty where nothing is learned.
  virtual std::string model() const { return {}; }
  /// Takes what another of the same options learned. Throws FormatError if it is not that.
  virtual void set_model(std::string_view bytes);

  /// Whether `sample` draws: then a line of the training text is to be cut anew in each epoch.
  virtual bool samples() const { return false; }
  /// One of the ways to cut the line, which depends on line, options, model and draws alone.
  virtual std::vector<std::string> sample(std::string_view line, Draws& draws) const;
  /// The tokens that `sample` may give, but for characters it does not know: a vocabulary has them though the best way
  /// to cut no line gives them.
  virtual std::vector<std::string> pieces() const { return {}; }
};

using TokenizerRegistry = Registry<Tokenizer>;
TokenizerRegistry builtin_tokenizers();  // whitespace, character, moses, sentencepiece

}  // namespace seq2seq::text
