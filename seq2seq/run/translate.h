#pragma once

#include <cstdint>
#include <iosfwd>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/constraints.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/translate/options.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

struct Translated {
  int64_t lines = 0;
  int64_t cut = 0;            // lines with a best output that stopped at the longest length
  int64_t below_minimum = 0;  // lines with a best output shorter than `decode.min_length`
  int64_t failed = 0;         // lines answered with an error
  ExactCounts exact;          // of the lines that were searched
  UnmetConstraints unmet;     // best outputs that lack a prefix or a phrase
  UnknownTokens unknown;      // of the source
};

/// Translates every line of `input` to `output`, in order. Writes the outputs of the lines read so far as soon as no
/// further line is waiting, and before it throws an error of a later line. `decode.empty_source` sets the output for
/// empty lines. A list of outputs has each text only once, with its best score. Stops early if `output` fails.
Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options);

}  // namespace seq2seq::run
