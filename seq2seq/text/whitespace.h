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

/// Splits lines at runs of ASCII blanks. Joining uses single spaces, so lines with other blanks do not come back
/// unchanged. Other Unicode blanks (a no-break space) belong to their word.
class WhitespaceTokenizer final : public Tokenizer {
 public:
  using Options = WhitespaceOptions;
  explicit WhitespaceTokenizer(const Options&) {}
  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  std::optional<std::string> between_words() const override { return ""; }
};

}  // namespace seq2seq::text
