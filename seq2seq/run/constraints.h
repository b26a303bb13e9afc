#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Files of words that each output must contain, with one line per line of the source; an empty line has none.
struct ConstraintFiles {
  data::LineReader* prefixes = nullptr;  // that outputs must begin with
  data::LineReader* phrases = nullptr;   // phrases that must occur in outputs, separated by tabs
  bool any() const { return prefixes != nullptr || phrases != nullptr; }
};

/// Reads the words that the outputs of a run must contain.
class ConstraintReader {
 public:
  /// `tokens`: texts are tokens between blanks. `run` must outlive it. Throws UsageError if the run or its search does
  /// not support such constraints.
  ConstraintReader(const LoadedRun& run, const ConstraintFiles& files, bool tokens);
  /// Returns the constraints of the next line, for a source of this many tokens. Throws Error with file and line if a
  /// file ends early, or if no output of the run can contain the words.
  decode::OutputConstraints next(int64_t source_tokens);
  /// Throws Error if a file has more lines than the source.
  void finish();

 private:
  std::vector<int64_t> ids_of(const std::string& text, const data::LineReader& lines, int64_t longest) const;

  const LoadedRun& run_;
  ConstraintFiles files_;
  bool tokens_;
};

/// Returns true if the output begins with the prefix and has all phrases.
bool meets(const std::vector<int64_t>& ids, const decode::OutputConstraints& constraints);

/// Outputs that do not meet their constraints.
struct UnmetConstraints {
  int64_t outputs = 0;
  int64_t first_line = 0;  // line of the source, counted from 1

  void add(const std::vector<int64_t>& ids, const decode::OutputConstraints& constraints, int64_t line);
};

}  // namespace seq2seq::run
