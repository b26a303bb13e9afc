#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/text/moses/language.h"

namespace seq2seq::text::moses {

struct Style {
  bool escape;             // & | < > ' " [ ] as entities of XML
  bool aggressive_dashes;  // a-b: a @-@ b
};

/// Returns the tokens of a line of valid UTF-8, as Moses' tokenizer.perl splits it.
std::vector<std::string> tokenize(std::string_view line, const Language& language, const Style& style);

/// Joins tokens to a line, as Moses' detokenizer.perl does.
std::string detokenize(const std::vector<std::string>& tokens, const Language& language, bool unescape);

}  // namespace seq2seq::text::moses
