#pragma once

#include <cstdint>
#include <iosfwd>

#include "seq2seq/run/line_source.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

struct TranslateOptions {
  bool tokens = false;  // lines in and out are tokens between blanks, as the tokenizers would write them
  bool n_best_format =
      false;  // Moses: `number ||| text ||| features ||| score`, as many lines a sentence as `decode.n_best`
  bool token_scores = false;    // those of each token among the features; with n_best_format
  bool answer_at_once = false;  // line by line, for a person at a terminal
};

struct Translated {
  int64_t lines = 0;
  int64_t cut = 0;  // first outputs that stopped at the longest length
};

/// Translates every line of `input` to `output`, in order; an empty line is a sentence too. Stops early when `output`
/// fails.
Translated translate(const LoadedRun& run, LineSource& input, std::ostream& output, const TranslateOptions& options);

}  // namespace seq2seq::run
