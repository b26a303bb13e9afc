#pragma once

#include "seq2seq/text/tokenizer.h"

namespace seq2seq::run {

/// Returns the tokenizer by which a command reads and writes lines of one side: the run's `own`, or with `tokens`, for
/// lines that are tokens already, one that splits at blanks and joins with them.
const text::Tokenizer& line_tokenizer(const text::Tokenizer& own, bool tokens);

}  // namespace seq2seq::run
