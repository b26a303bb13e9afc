#include "seq2seq/train/validation.h"

#include <cmath>

namespace seq2seq::train {

bool improves(double score, std::optional<double> best, bool higher_is_better) {
  if (!std::isfinite(score)) return false;
  if (!best) return true;
  return higher_is_better ? score > *best : score < *best;
}

}  // namespace seq2seq::train
