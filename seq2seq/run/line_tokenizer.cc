#include "seq2seq/run/line_tokenizer.h"

#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

const text::Tokenizer& line_tokenizer(const text::Tokenizer& own, bool tokens) {
  static const text::WhitespaceTokenizer at_blanks({});
  return tokens ? at_blanks : own;
}

}  // namespace seq2seq::run
