#pragma once

#include <cstdint>

#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

struct LinearOptions {
  int64_t warmup_updates = 0;
  double final = 0;
};
void declare(config::Keys& keys, LinearOptions& options);

/// Rises in equal steps to 1 at the last update of the warm-up, then falls in equal steps towards `final`, which it
/// would reach one update after the end: with `final: 0` no update has a rate of 0.
class Linear final : public Schedule {
 public:
  using Options = LinearOptions;
  explicit Linear(const Options& options) : options_(options) {}
  double factor(const Point& point) const override;

 private:
  LinearOptions options_;
};

}  // namespace seq2seq::train
