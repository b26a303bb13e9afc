#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

struct ScoreOptions {
  bool tokens = false;     // lines are tokens between blanks, as the tokenizers would write them
  bool per_token = false;  // after a tab, the score of each token and of the end symbol
};

struct Scored {
  int64_t pairs = 0, tokens = 0;  // end symbols count as tokens
  double score = 0;               // natural log-probability of them all
  double perplexity() const;      // exp(-score / tokens)
  UnknownTokens unknown_source, unknown_target;
};

/// The natural log-probability of each line of `target` given that line of `source`, one a line, in order. Stops early
/// when `output` fails. Throws Error when the files have different numbers of lines.
Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment);

/// The natural log-probability of each line of a file, or of standard input, by a language model; `lines` reads it.
Scored score_text(const LoadedRun& run, data::LineReader& lines, std::ostream& output, const ScoreOptions& options,
                  const Environment& environment);

struct NBestScoreOptions {
  bool tokens = false;              // as above
  std::string feature = "seq2seq";  // the name that the score has in the list
};

/// Writes an n-best list in the format of Moses again, each line with its natural log-probability as one more feature:
/// that of its text, given the line of `source` that its first field names, counted from 0. Everything else stays as it
/// was. Throws Error with file and line for what is no line of such a list, a sentence that `source` does not have, and
/// a feature of this name.
Scored score_n_best(const LoadedRun& run, const std::filesystem::path& list, const std::filesystem::path& source,
                    std::ostream& output, const NBestScoreOptions& options, const Environment& environment);

}  // namespace seq2seq::run
