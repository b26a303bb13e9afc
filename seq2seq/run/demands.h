#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/demand.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Files of words that each output must contain, with one line per line of the source; an empty line demands nothing.
struct DemandFiles {
  data::LineReader* prefixes = nullptr;     // the beginnings of outputs
  data::LineReader* constraints = nullptr;  // phrases that must occur in outputs, separated by tabs
  bool any() const { return prefixes != nullptr || constraints != nullptr; }
};

/// Reads the words that the outputs of a run must contain.
class DemandReader {
 public:
  /// `tokens`: texts are tokens between blanks. `run` must outlive it. Throws UsageError if the run or its search does
  /// not support such demands.
  DemandReader(const LoadedRun& run, const DemandFiles& files, bool tokens);
  /// Returns the demand of the next line, for a source of this many tokens. Throws Error with file and line if a file
  /// ends early, or if no output of the run can contain the words.
  decode::Demand next(int64_t source_tokens);
  /// Throws Error if a file has more lines than the source.
  void finish();

 private:
  std::vector<int64_t> ids_of(const std::string& text, const data::LineReader& lines, int64_t longest) const;

  const LoadedRun& run_;
  DemandFiles files_;
  bool tokens_;
};

/// Outputs that do not meet their demands.
struct Unmet {
  int64_t outputs = 0;
  int64_t first_line = 0;  // line of the source, counted from 1

  void add(const std::vector<int64_t>& ids, const decode::Demand& demand, int64_t line);
};

}  // namespace seq2seq::run
