#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/core/registry.h"

namespace seq2seq::text {

/// Cuts a line of valid UTF-8 into tokens and puts tokens together again. Stateless; safe to share between threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<std::string> tokenize(std::string_view line) const = 0;  // no token is empty or holds a blank
  virtual std::string detokenize(const std::vector<std::string>& tokens) const = 0;
};

using TokenizerRegistry = Registry<Tokenizer>;
TokenizerRegistry builtin_tokenizers();  // whitespace, character

}  // namespace seq2seq::text
