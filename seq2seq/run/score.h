#pragma once

#include <filesystem>
#include <iosfwd>

#include "seq2seq/run/load.h"

namespace seq2seq::run {

struct ScoreOptions {
  bool tokens = false;     // lines are tokens between blanks, as the tokenizers would write them
  bool per_token = false;  // after a tab, the score of each token and of the end symbol
};

struct Scored {
  int64_t pairs = 0, tokens = 0;  // end symbols count as tokens
  double score = 0;               // natural log-probability of them all
  double perplexity() const;      // exp(-score / tokens)
};

/// The natural log-probability of each line of `target` given that line of `source`, one a line, in order. Stops early
/// when `output` fails. Throws Error when the files have different numbers of lines.
Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment);

}  // namespace seq2seq::run
