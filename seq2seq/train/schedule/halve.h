#pragma once

#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

struct HalveOptions {
  double from_epoch = 5;
  double every_epochs = 0.5;
  double factor = 0.5;
};
void declare(config::Keys& keys, HalveOptions& options);

/// factor^(1 + floor((epoch - from_epoch) / every_epochs)) from `from_epoch` on, 1 before. "After 5 epochs, we began
/// halving the learning rate every half epoch" (arXiv 1409.3215, section 3.4) is read as: the first halving after 5
/// epochs, the next after 5.5. The paper's 7.5 epochs have five: after 5, 5.5, 6, 6.5 and 7.
class Halve final : public Schedule {
 public:
  using Options = HalveOptions;
  explicit Halve(const Options& options) : options_(options) {}
  double factor(const Point& point) const override;

 private:
  HalveOptions options_;
};

}  // namespace seq2seq::train
