#include "seq2seq/train/window.h"

#include <cmath>

namespace seq2seq::train {

void Window::add(const UpdateResult& result, double seconds_taken) {
  seconds += seconds_taken;
  if (!result.made) return;
  ++updates;
  loss += result.loss;
  divisor += result.divisor;
  source_tokens += result.source_tokens;
  target_tokens += result.target_tokens;
  gradient_norm += result.gradient_norm;
  learning_rate = result.learning_rate;
}

double Window::perplexity() const { return std::exp(loss / static_cast<double>(target_tokens)); }

}  // namespace seq2seq::train
