#include "seq2seq/train/schedule/halve.h"

#include <cmath>

namespace seq2seq::train {
namespace {

/// In intervals. (5.3 - 5) / 0.1 is slightly less than 3 in floating point, but the third halving must not wait for
/// another update. An epoch has fewer than 10^9 updates, so no halving comes too early.
constexpr double kIntervalRounding = 1e-9;

}  // namespace

void declare(config::Keys& keys, HalveOptions& options) {
  keys.add("from_epoch", options.from_epoch, "epoch of the first cut").unit("epochs").at_least(0);
  keys.add("every_epochs", options.every_epochs, "interval between cuts; may be a fraction").unit("epochs").above(0);
  keys.add("factor", options.factor, "factor of each cut").above(0).at_most(1);
}

double Halve::factor(const Point& point) const {
  const double intervals = (point.epoch - options_.from_epoch) / options_.every_epochs + kIntervalRounding;
  return intervals < 0 ? 1 : std::pow(options_.factor, 1 + std::floor(intervals));
}

}  // namespace seq2seq::train
