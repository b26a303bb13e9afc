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

/// The feature names that a list's own total and the score of the run have, besides those in the list.
inline constexpr const char* total_feature = "total";
inline constexpr const char* model_feature = "seq2seq";

/// Weight of each feature in the choice of a hypothesis.
using FeatureWeights = std::map<std::string, double>;

/// The even average of the list's total and the model's score: arXiv 1409.3215, section 3.6.
FeatureWeights even_average();

/// Reads `NAME=WEIGHT,NAME=WEIGHT`. Throws UsageError, with `option` as typed.
FeatureWeights parse_feature_weights(const std::string& text, const std::string& option);

/// Texts that a list belongs to.
struct ListFiles {
  std::filesystem::path source, list;
  std::vector<std::filesystem::path> references;  // may be empty, where nothing is measured
};

struct RescoreOptions {
  bool tokens = false;  // texts are tokens between blanks, as the tokenizers would write them
  FeatureWeights weights = even_average();
  std::optional<ListFiles> development;  // weights are tuned on it; `weights` is where they start
};

/// BLEU of the best choices among the first hypotheses of each sentence.
struct RescoredAt {
  int64_t length = 0;      // hypotheses of a sentence that were looked at, at most
  metrics::Bleu list;      // the highest total
  metrics::Bleu rescored;  // the highest weighted sum
  metrics::Bleu oracle;    // the highest BLEU of the sentence by itself (add-one smoothing)
};

struct Rescored {
  int64_t sentences = 0, hypotheses = 0;
  int64_t without = 0;  // sentences of which the list has no hypothesis: answered with an empty line
  double saved = 0;     // share of decoder steps that shared beginnings saved
  FeatureWeights weights;
  std::vector<RescoredAt> at;  // 1, 10, 100, ... and all hypotheses; empty without references
};

/// Scores the hypotheses of an n-best list by the run or ensemble, and writes for each line of the source the text with
/// the highest weighted sum of features, the first of equal ones. Throws Error, before anything is scored, for files
/// that do not belong together and weights of features that the list does not have.
Rescored rescore(const LoadedRun& run, const ListFiles& files, std::ostream& output, const RescoreOptions& options,
                 const Environment& environment);

}  // namespace seq2seq::run
