#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/metrics/references.h"

namespace seq2seq::run {

/// Sentences to measure on. A sentence has a reference in each file whose line for it has at least one token; one
/// without any reference is left out and counted in `corpus.left_out`.
struct EvaluationSet {
  data::Corpus corpus;             // the target is the first reference that a sentence has, as the model sees it
  metrics::References references;  // [pairs][at least 1], the lines of the files as they are, in the order of the files
  int64_t most_references = 1;
  std::vector<data::CopiedWords> copied;  // [pairs] of each source
};

/// Throws Error for files that cannot be read or have unequal numbers of lines, and when no sentence is left.
EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text);

/// Throws what read_evaluation_set would throw for files that cannot be read or have unequal numbers of lines, without
/// the text that it takes.
void check_line_counts(const data::FilePair& files, data::InvalidUtf8 invalid);

}  // namespace seq2seq::run
