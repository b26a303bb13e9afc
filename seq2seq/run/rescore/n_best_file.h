#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/decode/list_scores.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

/// One line of an n-best list in the format of Moses; see decode/n_best.h.
struct ListedHypothesis {
  std::string line;  // as in the file
  std::string text;
  double total = 0;     // the last field
  size_t sentence = 0;  // number of the source sentence, counted from 0
  int64_t number = 0;   // of the line in the file, counted from 1
  size_t place = 0;     // among the hypotheses of its sentence, in the order of the file
};

/// A whole n-best list.
struct NBestFile {
  std::filesystem::path path;
  std::vector<ListedHypothesis> lines;
  std::vector<std::vector<size_t>> by_sentence;  // indices of lines
};

/// Reads a list for a source of this many lines. Throws Error with file and line for an invalid line, and for a
/// sentence that the source does not have.
NBestFile read_n_best_file(const std::filesystem::path& path, size_t sentences);

/// The features of a list, the same for every line.
struct ListedFeatures {
  std::vector<std::string> names;            // for `lm= 1 2`: `lm[0]` and `lm[1]`
  std::vector<std::vector<double>> of_line;  // one value per name
};
/// Reads the features of every line, without `tokens=` and `cut=`, which describe an output. Throws Error with file and
/// line for features that differ from those of the first line.
ListedFeatures read_features(const NBestFile& list);

struct ListScored {
  decode::ListScores scores;  // by sentence and place
  UnknownTokens unknown;      // of the texts
  const decode::PairScore& of(const ListedHypothesis& line) const { return scores.lists[line.sentence][line.place]; }
};

/// Scores every hypothesis given its source. `sources`: all lines of the source, as the runs read them; `tokens`: texts
/// are tokens between blanks.
ListScored score_list(const LoadedRun& run, const NBestFile& list, const SourceText& sources, bool tokens,
                      const Environment& environment);

}  // namespace seq2seq::run
