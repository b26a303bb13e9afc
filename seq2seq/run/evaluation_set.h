#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"

namespace seq2seq::run {

/// Pairs to measure on: ids for the model, and the tokens of every reference for the metrics.
struct EvaluationSet {
  data::Corpus corpus;
  std::vector<std::vector<std::vector<std::string>>> references;  // [pairs][at least 1], the first is the scored target
  int64_t most_references = 1;
};

/// Throws Error for files that cannot be read or have unequal numbers of lines.
EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text);

/// Throws what read_evaluation_set would throw for files that cannot be read or have unequal numbers of lines, without
/// the text that it takes.
void check_line_counts(const data::FilePair& files, data::InvalidUtf8 invalid);

}  // namespace seq2seq::run
