#pragma once

#include <string>
#include <vector>

namespace seq2seq::run {

/// The names of all figures: perplexity, of a token, of a word and of a character; exact_match, sequence_error_rate,
/// token_error_rate and bleu; then those of metrics/metric.h that are none of these.
const std::vector<std::string>& metric_names();
/// Returns those of `names` that compare lines by metrics/metric.h.
std::vector<std::string> line_metrics(const std::vector<std::string>& names);
/// Returns an error message for the first of `names` that is not in `known`, or an empty string.
std::string unknown_metric(const std::vector<std::string>& names,
                           const std::vector<std::string>& known = metric_names());
/// Returns true if any of them needs the model's outputs.
bool need_outputs(const std::vector<std::string>& names);

}  // namespace seq2seq::run
