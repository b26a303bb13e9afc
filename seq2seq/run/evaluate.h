#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Figures, and the facts to report with them.
struct Evaluation {
  Perplexity perplexity;
  OutputFigures outputs;                          // none for a language model
  std::map<std::string, std::string> signatures;  // by name, of the metrics that compare lines
  int64_t sentences = 0, target_tokens = 0;       // of the first references, without end symbols
  int64_t empty_target = 0, invalid = 0;          // sentences left out: without any reference, or not UTF-8
  int64_t most_references = 1, sentences_with_several = 0;
  double unknown_source = 0, unknown_target = 0;  // shares of tokens that are not in the vocabulary
  double seconds = 0;                             // of search, including scoring
  std::vector<std::string> lines{};               // best output for each line of the files; empty for those left out
};

/// Measures on the given files or, without them, on the run's test set. Throws Error if there is neither.
Evaluation evaluate(const LoadedRun& run, const std::optional<data::FilePair>& files, const Environment& environment);

}  // namespace seq2seq::run
