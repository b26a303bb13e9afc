#include "seq2seq/metrics/perplexity.h"

#include <cmath>

#include "seq2seq/core/error.h"

namespace seq2seq::metrics {

double perplexity(double log_probability, int64_t tokens) {
  if (tokens <= 0) throw Error("the perplexity of no tokens is undefined");
  return std::exp(-log_probability / static_cast<double>(tokens));
}

}  // namespace seq2seq::metrics
