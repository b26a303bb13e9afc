#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

struct WhitespaceOptions {};
inline void declare(config::Keys&, WhitespaceOptions&) {}

/// Splits lines at runs of ASCII blanks. Joining uses single spaces, so lines with other blanks are not restored
/// exactly. Other Unicode blanks, such as a no-break space, are part of their word.
class WhitespaceTokenizer final : public Tokenizer {
 public:
  using Options = WhitespaceOptions;
  explicit WhitespaceTokenizer(const Options&) {}
  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  std::optional<std::string> between_words() const override { return ""; }
};

}  // namespace seq2seq::text
