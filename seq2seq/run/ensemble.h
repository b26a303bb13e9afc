#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

/// Parses the weights of the runs of an ensemble, `1,1,0.5`. Throws UsageError, with `option` as typed, unless they are
/// `runs` numbers above 0.
std::vector<double> parse_weights(const std::string& text, size_t runs, const std::string& option);

/// Makes an ensemble of `first` and others, which write together from then on. `weights` has one per run, or is empty
/// for equal weights. The ensemble uses the first run's `decode` and target text. Throws UsageError, naming the first
/// difference, unless the targets of all runs have the same words in the same order and the same direction.
void join(LoadedRun& first, std::vector<LoadedRun> others, const std::vector<double>& weights);

/// Loads `count` runs, one after another, by their index, and joins them. Keeps only the first run's language model,
/// the one that an ensemble uses.
LoadedRun load_joined(size_t count, const std::function<LoadedRun(size_t index)>& load,
                      const std::vector<double>& weights);

/// Returns the runs of an ensemble in order, or the single run.
std::vector<const LoadedRun*> members_of(const LoadedRun& run);

/// Throws Error for a target with more tokens than one of the models can read.
void check_target_length(const LoadedRun& run, int64_t tokens, const Place& place);

/// A source text as each run reads it, with the words of each line that targets may copy.
struct SourceText {
  decode::Readings readings;
  std::vector<data::CopiedWords> copied;
  size_t sentences() const { return readings.front().sentences.size(); }
};
/// Reads a file as `SourceReader` does, and counts the unknown tokens.
SourceText read_sources(const std::filesystem::path& file, const LoadedRun& run, bool tokens, UnknownTokens& unknown);

/// Adds the readings of the other runs of an ensemble to a set; `files`: those of the set. Throws Error for a line that
/// one of the models cannot read.
void add_other_readings(EvaluationSet& set, const data::FilePair& files, const LoadedRun& run);

/// A source line as each run of an ensemble reads it.
struct SourceLine {
  std::vector<std::string> tokens;  // of the first run
  decode::Sentences ids;            // of each run
};

/// Reads source lines as each run of an ensemble does.
class SourceReader {
 public:
  /// `tokens`: lines are tokens between blanks, as the tokenizers would write them. `run` must outlive it.
  SourceReader(const LoadedRun& run, bool tokens);
  /// Throws Error for a line that is too long for one of the models.
  SourceLine read(const std::string& line, const Place& place) const;
  void add(SourceLine line);
  /// Returns the lines added since the last call.
  decode::Readings take();

 private:
  std::vector<const LoadedRun*> members_;
  bool tokens_;
  decode::Readings readings_;
};

}  // namespace seq2seq::run
