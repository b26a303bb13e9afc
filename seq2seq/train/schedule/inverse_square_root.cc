#include "seq2seq/train/schedule/inverse_square_root.h"

#include <algorithm>
#include <cmath>

namespace seq2seq::train {

void declare(config::Keys& keys, InverseSquareRootOptions& options) {
  keys.add("warmup_updates", options.warmup_updates, "updates of linear warm-up").unit("updates").at_least(1);
}

double InverseSquareRoot::factor(const Point& point) const {
  const auto warmup = static_cast<double>(options_.warmup_updates);
  const auto number = static_cast<double>(point.update + 1);  // of the next update
  return std::min(number / warmup, std::sqrt(warmup / number));
}

}  // namespace seq2seq::train
