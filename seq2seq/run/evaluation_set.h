#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/metrics/references.h"

namespace seq2seq::run {

/// Sentences of a validation or test set. A line with at least one token is a reference; sentences without any
/// reference are left out and counted in `corpus.left_out`.
struct EvaluationSet {
  data::Corpus corpus;             // the target is each sentence's first reference, as the model sees it
  metrics::References references;  // [pairs][at least 1] unchanged lines of the files, in the order of the files
  int64_t most_references = 1;
  int64_t lines = 0;                                    // of the files, including those of sentences that are left out
  std::vector<std::string> source_lines;                // [pairs] unchanged lines of the file
  std::vector<std::vector<std::string>> source_tokens;  // [pairs] including words that are not in the vocabulary
  std::vector<data::CopiedWords> copied{};              // [pairs] of each source
  decode::Readings others{};                            // the sources as the other runs of an ensemble read them

  /// Returns the numbers of all sentences.
  std::vector<int64_t> all() const;
};

/// Throws Error for unreadable files, for unequal numbers of lines, and if no sentence is left. `remedy`: advice for a
/// line that is not text.
EvaluationSet read_evaluation_set(const data::FilePair& files, const data::TextPipeline& text,
                                  const std::string& remedy = data::configured_remedy);

/// As read_evaluation_set(), throws for unreadable files or unequal numbers of lines, but does not need the vocabulary.
void check_line_counts(const data::FilePair& files, data::InvalidUtf8 invalid);

}  // namespace seq2seq::run
