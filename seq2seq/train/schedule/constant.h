#pragma once

#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

struct ConstantOptions {};
void declare(config::Keys& keys, ConstantOptions& options);

/// Keeps the optimizer's learning rate.
class Constant final : public Schedule {
 public:
  using Options = ConstantOptions;
  explicit Constant(const Options& options);
  double factor(const Point& point) const override;
};

}  // namespace seq2seq::train
