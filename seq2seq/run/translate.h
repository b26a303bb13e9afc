#pragma once

#include <cstdint>
#include <iosfwd>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/alignments.h"
#include "seq2seq/run/demands.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

struct TranslateOptions {
  bool tokens = false;  // lines in and out are tokens between blanks, as the tokenizers would write them
  bool n_best_format =
      false;  // Moses: `number ||| text ||| features ||| score`, as many lines a sentence as `decode.n_best`
  bool token_scores = false;    // those of each token among the features; with n_best_format
  AlignmentStreams alignments;  // of each output that is written
  DemandFiles demands;
};

struct Translated {
  int64_t lines = 0;
  int64_t cut = 0;        // first outputs that stopped at the longest length
  ExactCounts exact;      // of the lines that were searched for
  Unmet unmet;            // first outputs that lack a prefix or a phrase
  UnknownTokens unknown;  // of the source
};

/// Translates every line of `input` to `output`, in order. Writes the outputs of the lines read so far as soon as no
/// other line is waiting. `decode.empty_source` sets the output for empty lines. An n-best list has each text of a
/// sentence once, with its best score. Stops early if `output` fails.
Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options);

}  // namespace seq2seq::run
