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
  bool per_token = false;  // adds a tab and the scores of each token and of the end symbol
};

struct Scored {
  int64_t pairs = 0, tokens = 0;  // tokens include end symbols
  double score = 0;               // natural log-probability of all pairs
  double perplexity() const;      // exp(-score / tokens)
  double saved = 0;               // share of decoder steps saved by shared prefixes of one source's hypotheses
  UnknownTokens unknown_source, unknown_target;
};

/// Writes the natural log-probability of each line of `target` given the same line of `source`, one per line, in order.
/// Stops early if `output` fails. Throws Error if the files have different numbers of lines.
Scored score_files(const LoadedRun& run, const std::filesystem::path& source, const std::filesystem::path& target,
                   std::ostream& output, const ScoreOptions& options, const Environment& environment);

/// Writes the natural log-probability of each line of a file or of standard input, read by `lines`, by a language
/// model.
Scored score_text(const LoadedRun& run, data::LineReader& lines, std::ostream& output, const ScoreOptions& options,
                  const Environment& environment);

struct NBestScoreOptions {
  bool tokens = false;              // as above
  std::string feature = "seq2seq";  // name of the score in the list
};

/// Copies an n-best list in Moses' format and adds a feature to each line: the natural log-probability of its text
/// given the line of `source` with the number in its first field, counted from 0. Everything else is unchanged. Throws
/// Error with file and line for an invalid line, a sentence that `source` does not have, and an existing feature of
/// this name.
Scored score_n_best(const LoadedRun& run, const std::filesystem::path& list, const std::filesystem::path& source,
                    std::ostream& output, const NBestScoreOptions& options, const Environment& environment);

}  // namespace seq2seq::run
