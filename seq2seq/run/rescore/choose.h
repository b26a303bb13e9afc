#pragma once

#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Chooses a hypothesis for each sentence of a set as `decode.rescore` says, from a list for the lines of its files; an
/// empty line for a sentence without one. Throws Error for a list of other sentences or features.
std::vector<std::string> choose_from_list(const LoadedRun& run, const EvaluationSet& set,
                                          const Environment& environment);

/// Returns what is wrong with `decode.rescore.feature_weights`, or an empty string.
std::string wrong_feature_weights(const std::string& weights);

}  // namespace seq2seq::run
