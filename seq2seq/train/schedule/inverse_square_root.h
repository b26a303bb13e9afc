#pragma once

#include <cstdint>

#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

struct InverseSquareRootOptions {
  int64_t warmup_updates = 4000;
};
void declare(config::Keys& keys, InverseSquareRootOptions& options);

/// For update n, counted from 1: min(n / warmup, sqrt(warmup / n)). Vaswani et al. 2017, arXiv 1706.03762, equation 3,
/// scaled so that the optimizer's learning rate is the highest.
class InverseSquareRoot final : public Schedule {
 public:
  using Options = InverseSquareRootOptions;
  explicit InverseSquareRoot(const Options& options) : options_(options) {}
  double factor(const Point& point) const override;

 private:
  InverseSquareRootOptions options_;
};

}  // namespace seq2seq::train
