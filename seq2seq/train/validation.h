#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "seq2seq/nn/model/model.h"

namespace seq2seq::train {

/// Named figures: {"perplexity": 1.31, "sequence_error_rate": 0.287, ...}.
using Figures = std::map<std::string, double>;

/// Computes the figures, without gradient. Passed in by study or run, which combine decode and metrics; both lie above
/// this part.
using Validate = std::function<Figures(const nn::Model&)>;

/// Returns true if `score` is strictly better than the best so far, if there is one: higher or lower. A score that is
/// not finite is never better.
bool improves(double score, std::optional<double> best, bool higher_is_better);

}  // namespace seq2seq::train
