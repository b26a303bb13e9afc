#pragma once

#include "seq2seq/core/log.h"
#include "seq2seq/run/alignments.h"
#include "seq2seq/run/constraints.h"
#include "seq2seq/run/output_format.h"

namespace seq2seq::run {

/// Meaning of an input line.
enum class InputFormat {
  text,  // a sentence
  json   // an object with the sentence under `source`; the answer repeats its other keys
};

struct TranslateOptions {
  bool tokens = false;  // sentences in and out are tokens between blanks, as the tokenizers would write them
  OutputFormat format = OutputFormat::text;
  InputFormat input = InputFormat::text;  // json: only with the output format json
  bool list = false;                      // output format json: always write a list, even for one output
  bool keep_going = false;                // output format json: answer a line that cannot be read with `error`
  bool token_scores = false;              // output format moses: add the scores of tokens to the features
  AlignmentStreams alignments;            // for each written output
  ConstraintFiles constraints;
  Log* log = nullptr;  // for a warning if a batch does not fit into memory; null: no warning
};

}  // namespace seq2seq::run
