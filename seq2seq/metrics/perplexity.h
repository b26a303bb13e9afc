#pragma once

#include <cstdint>

namespace seq2seq::metrics {

/// Returns exp(-log_probability / tokens). `log_probability` is the sum of the tokens' natural logarithms; `tokens`
/// includes end symbols. Throws Error if there are no tokens.
double perplexity(double log_probability, int64_t tokens);

}  // namespace seq2seq::metrics
