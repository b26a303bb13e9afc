#pragma once

#include <string>
#include <vector>

#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/references.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/rescore/n_best_file.h"
#include "seq2seq/run/rescore/rescore.h"
#include "seq2seq/run/rescore/tune.h"

namespace seq2seq::run {

/// An n-best list with the lines of its source and references, read and checked.
struct ListTexts {
  SourceText sources;
  NBestFile list;
  ListedFeatures features;
  metrics::References references;  // empty: none given
};

/// Throws Error for files that do not belong together. `tokens`: texts are tokens between blanks.
ListTexts read_list_texts(const LoadedRun& run, const ListFiles& files, bool tokens);

/// Reads the features of a list. Throws Error for a feature with a reserved name.
ListedFeatures read_own_features(const NBestFile& list);

/// Returns the names of all features: the list's total, the run's score, then the features of the list.
std::vector<std::string> feature_names(const ListTexts& texts);

/// Returns weights in the order of the names; 0 for a feature without a weight. Throws UsageError for a feature that
/// the list does not have; `option` is the option with the weights.
std::vector<double> ordered_weights(const FeatureWeights& weights, const std::vector<std::string>& names,
                                    const std::string& option);

/// Returns the features of every hypothesis, and its n-grams if there are references. `scored` null: the run's score is
/// 0.
RankedLists rank_lists(const ListTexts& texts, const metrics::BleuOptions& options, const ListScored* scored);

struct ScoredLists {
  RankedLists lists;
  double saved = 0;  // share of decoder steps saved by shared prefixes
};
/// As rank_lists(), with the scores of the run or ensemble.
ScoredLists score_lists(const LoadedRun& run, const ListTexts& texts, bool tokens, const Environment& environment);

/// Returns the sentence BLEU of a hypothesis, with add-one smoothing.
double sentence_bleu(const Ranked& hypothesis);

}  // namespace seq2seq::run
