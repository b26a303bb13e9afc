#pragma once

#include <string>

#include "seq2seq/text/sentencepiece.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text::subwords {

/// Returns the bytes of a SentencePiece model, trained on at most `options.training_lines` lines, drawn uniformly. The
/// same lines result in the same bytes, on any number of cores. Throws Error.
std::string train(const SentencePieceOptions& options, const NextLine& next_line);

}  // namespace seq2seq::text::subwords
