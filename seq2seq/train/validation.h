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

/// Returns true for figures that are better when higher (bleu, exact_match); false for error rates, perplexity, loss.
bool higher_is_better(const std::string& metric);

/// Returns true if `score` is strictly better than the best so far, if there is one. A score that is not finite is
/// never better.
bool improves(const std::string& metric, double score, std::optional<double> best);

}  // namespace seq2seq::train
