#pragma once

#include <string>
#include <vector>

namespace seq2seq::run {

/// The names of all figures: perplexity, exact_match, sequence_error_rate, token_error_rate, bleu.
const std::vector<std::string>& metric_names();
/// What is wrong with the first name that is none of them; empty when nothing is.
std::string unknown_metric(const std::vector<std::string>& names);
/// Whether any of them needs the model's outputs.
bool need_outputs(const std::vector<std::string>& names);

}  // namespace seq2seq::run
