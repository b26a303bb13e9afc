#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

enum class StatePart { hidden, cell, all };

struct StatesOptions {
  int64_t layer = 0;  // counted from 1; 0: all layers in order
  StatePart part = StatePart::hidden;
  bool tokens = false;  // lines are tokens between blanks
};

/// The encoder's states after each sentence, from which the decoder starts.
struct States {
  std::vector<std::string> sentences;
  std::vector<std::string> columns;  // `layer1.h.0`, ...
  std::vector<float> values;         // [sentences, columns]
};

/// Computes the states for each line of `input`. Throws UsageError for a model with an encoder without a final state,
/// and for a layer or part that it does not have.
States encoder_states(const LoadedRun& run, data::LineReader& input, const StatesOptions& options);

/// Writes a NumPy array [sentences, columns] of float32, format version 1.0
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
void write_npy(const States& states, std::ostream& output);
/// Writes a line of names, `sentence` and the columns, then a line per sentence, separated by tabs. A tab in a sentence
/// becomes a blank.
void write_tsv(const States& states, std::ostream& output);

}  // namespace seq2seq::run
