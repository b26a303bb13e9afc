#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/metrics/bleu.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Feature names of a list's own total and of the run's score, besides those in the list.
inline constexpr const char* total_feature = "total";
inline constexpr const char* model_feature = "seq2seq";

/// Weight of each feature for the choice of a hypothesis.
using FeatureWeights = std::map<std::string, double>;

/// Returns the average of the list's total and the model's score with equal weights: arXiv 1409.3215, section 3.6.
FeatureWeights even_average();

/// Parses `NAME=WEIGHT,NAME=WEIGHT`. Throws UsageError, with `option` as typed.
FeatureWeights parse_feature_weights(const std::string& text, const std::string& option);

/// Files of a list and its texts.
struct ListFiles {
  std::filesystem::path source, list;
  std::vector<std::filesystem::path> references;  // may be empty if nothing is measured
};

struct RescoreOptions {
  bool tokens = false;  // texts are tokens between blanks, as the tokenizers would write them
  FeatureWeights weights = even_average();
  std::optional<ListFiles> development;  // tunes the weights on these files, starting from `weights`
};

/// BLEU of the best choices among the first hypotheses of each sentence.
struct RescoredAt {
  int64_t length = 0;      // largest number of hypotheses per sentence
  metrics::Bleu list;      // the highest total
  metrics::Bleu rescored;  // the highest weighted sum
  metrics::Bleu oracle;    // the highest sentence BLEU (add-one smoothing)
};

struct Rescored {
  int64_t sentences = 0, hypotheses = 0;
  int64_t without = 0;  // sentences without a hypothesis in the list; the output has an empty line
  double saved = 0;     // share of decoder steps saved by shared prefixes
  FeatureWeights weights;
  std::vector<RescoredAt> at;  // for 1, 10, 100, ... and all hypotheses; empty without references
};

/// Scores the hypotheses of an n-best list by the run or ensemble, and writes for each line of the source the text with
/// the highest weighted sum of features, the first of equal ones. Before scoring, throws Error for files that do not
/// belong together and for weights of features that the list does not have.
Rescored rescore(const LoadedRun& run, const ListFiles& files, std::ostream& output, const RescoreOptions& options,
                 const Environment& environment);

}  // namespace seq2seq::run
