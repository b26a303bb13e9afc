#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

/// The weight of each run of an ensemble, as a user writes them: `1,1,0.5`. Throws UsageError, with `option` as typed,
/// for anything but `runs` numbers above 0.
std::vector<double> parse_weights(const std::string& text, size_t runs, const std::string& option);

/// Makes an ensemble of `first` and others, which write together from now on. `weights` has one of each, or none: they
/// count equally. The first run's `decode` and target text are those of all. Throws UsageError, naming the first
/// difference, for runs whose targets are not the same words in the same order, written in the same direction.
void join(LoadedRun& first, std::vector<LoadedRun> others, const std::vector<double>& weights);

/// The runs of an ensemble in order, or the one run.
std::vector<const LoadedRun*> members_of(const LoadedRun& run);

/// Throws Error for a target of so many tokens that one of the models cannot read.
void check_target_length(const LoadedRun& run, int64_t tokens, const Place& place);

/// A source text as each run reads it, with the words of each line that its targets may copy.
struct SourceText {
  decode::Readings readings;
  std::vector<data::CopiedWords> copied;
  size_t sentences() const { return readings.front().sentences.size(); }
};
/// Reads a file as `SourceReader` does, and counts its unknown tokens.
SourceText read_sources(const std::filesystem::path& file, const LoadedRun& run, bool tokens, UnknownTokens& unknown);

/// Adds to a set what the other runs of an ensemble read of its sentences; `files` are those it was read from. Throws
/// Error for a line that one of their models cannot read.
void add_other_readings(EvaluationSet& set, const data::FilePair& files, const LoadedRun& run);

/// Reads source lines as each run of an ensemble does.
class SourceReader {
 public:
  /// `tokens`: lines are tokens between blanks, as the tokenizers would write them. `run` must outlive it.
  SourceReader(const LoadedRun& run, bool tokens);
  /// The tokens of a line as the first run reads it.
  std::vector<std::string> tokens(const std::string& line) const;
  /// Returns the ids that the first run reads. Throws Error for a line that is too long for one of the models;
  /// the line is then left out.
  const std::vector<int64_t>& add(const std::string& line, const Place& place);
  /// Returns the lines read since the last call.
  decode::Readings take();

 private:
  std::vector<const LoadedRun*> members_;
  bool tokens_;
  decode::Readings readings_;
};

}  // namespace seq2seq::run
