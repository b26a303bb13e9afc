#pragma once

#include <string>
#include <vector>

namespace seq2seq::run {

/// The names of all figures: perplexity, exact_match, sequence_error_rate, token_error_rate, bleu.
const std::vector<std::string>& metric_names();
/// Returns an error message for the first unknown name, or an empty string.
std::string unknown_metric(const std::vector<std::string>& names);
/// Returns true if any of them needs the model's outputs.
bool need_outputs(const std::vector<std::string>& names);

}  // namespace seq2seq::run
