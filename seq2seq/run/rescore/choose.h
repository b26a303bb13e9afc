#pragma once

#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Chooses a hypothesis for each sentence of a set from a list for the lines of its files, according to
/// `decode.rescore`; an empty line for a sentence without hypotheses. Throws Error if the sentences or features of the
/// list do not fit.
std::vector<std::string> choose_from_list(const LoadedRun& run, const EvaluationSet& set,
                                          const Environment& environment);

/// Returns an error message for `decode.rescore.feature_weights`, or an empty string.
std::string wrong_feature_weights(const std::string& weights);

}  // namespace seq2seq::run
