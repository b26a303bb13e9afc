#pragma once

#include <cstdint>
#include <iosfwd>

#include "seq2seq/core/log.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/alignments.h"
#include "seq2seq/run/demands.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/output_format.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

/// The meaning of an input line.
enum class InputFormat {
  text,  // a sentence
  json   // an object with the sentence under `source`; its other keys go to the answer
};

struct TranslateOptions {
  bool tokens = false;  // sentences in and out are tokens between blanks, as the tokenizers would write them
  OutputFormat format = OutputFormat::text;
  InputFormat input = InputFormat::text;  // json: only with the format json
  bool list = false;                      // the format json: outputs are a list, also if there is only one
  bool keep_going = false;                // the format json: a line that cannot be read gets an answer with `error`
  bool token_scores = false;              // the format moses: those of each token among the features
  AlignmentStreams alignments;            // of each output that is written
  DemandFiles demands;
  Log* log = nullptr;  // hears if memory does not suffice for a batch; null: nobody
};

struct Translated {
  int64_t lines = 0;
  int64_t cut = 0;        // first outputs that stopped at the longest length
  int64_t failed = 0;     // lines that were answered with an error
  ExactCounts exact;      // of the lines that were searched for
  Unmet unmet;            // first outputs that lack a prefix or a phrase
  UnknownTokens unknown;  // of the source
};

/// Translates every line of `input` to `output`, in order. Writes the outputs of the lines read so far as soon as no
/// other line is waiting, and before an error of a later line is thrown. `decode.empty_source` sets the output for
/// empty lines. A list of outputs has each text of a sentence once, with its best score. Stops early if `output` fails.
Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options);

}  // namespace seq2seq::run
