#pragma once

#include <string>
#include <vector>

namespace seq2seq::run {

/// Returns the names of all figures: perplexity per token, word and character; exact_match, sequence_error_rate,
/// token_error_rate and bleu; then the other metrics of metrics/metric.h.
const std::vector<std::string>& metric_names();
/// Returns those of `names` that are line metrics of metrics/metric.h.
std::vector<std::string> line_metrics(const std::vector<std::string>& names);
/// Our name of a metric of other programs, and a note that follows it in a message.
struct MetricHint {
  std::string name, note{};
};
/// Returns the hint for a name in any case, such as `WER`; empty if the name is not known.
MetricHint metric_elsewhere(const std::string& name);
/// Returns an error message for the first of `names` that is not in `known`, or an empty string.
std::string unknown_metric(const std::vector<std::string>& names,
                           const std::vector<std::string>& known = metric_names());
/// Returns true if a higher figure is better. Of the figures that are not in metrics/metric.h, perplexities and error
/// rates, a lower one is.
bool higher_is_better(const std::string& name);
/// Returns true if any of them needs the model's outputs.
bool need_outputs(const std::vector<std::string>& names);

}  // namespace seq2seq::run
