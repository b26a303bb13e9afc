#include "seq2seq/train/schedule/linear.h"

#include <algorithm>

namespace seq2seq::train {

void declare(config::Keys& keys, LinearOptions& options) {
  keys.add("warmup_updates", options.warmup_updates, "updates of linear warm-up; 0: none").unit("updates").at_least(0);
  keys.add("final", options.final, "factor of the learning rate at the end of training").at_least(0).at_most(1);
}

double Linear::factor(const Point& point) const {
  const auto update = static_cast<double>(point.update);
  const auto warmup = static_cast<double>(options_.warmup_updates);
  if (point.update < options_.warmup_updates) return (update + 1) / warmup;
  if (point.total_updates <= warmup) return options_.final;  // the warm-up is as long as the run
  const double way = std::min(1.0, (update - warmup) / (point.total_updates - warmup));
  return 1 - (1 - options_.final) * way;
}

}  // namespace seq2seq::train
