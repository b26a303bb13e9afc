#pragma once

#include <cstdint>

#include "seq2seq/train/update.h"

namespace seq2seq::train {

/// Updates since the last report, summed up.
struct Window {
  int64_t updates = 0;
  double loss = 0, divisor = 0;  // sums over the updates
  int64_t source_tokens = 0, target_tokens = 0;
  double gradient_norm = 0;  // sum
  double learning_rate = 0;  // of the last update
  double seconds = 0;        // spent in updates

  void add(const UpdateResult& result, double seconds_taken);
  double mean_loss() const { return loss / divisor; }
  double perplexity() const;  // e to the mean loss of a target token
  double words_per_second() const {
    return seconds > 0 ? static_cast<double>(source_tokens + target_tokens) / seconds : 0;
  }
  double mean_norm() const { return gradient_norm / static_cast<double>(updates); }
};

}  // namespace seq2seq::train
