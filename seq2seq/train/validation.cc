#include "seq2seq/train/validation.h"

#include <cmath>

namespace seq2seq::train {

bool higher_is_better(const std::string& metric) {
  for (const auto* better : {"bleu", "multi_bleu", "chrf", "chrf++", "exact_match"}) {
    if (metric == better) return true;
  }
  return false;
}

bool improves(const std::string& metric, double score, std::optional<double> best) {
  if (!std::isfinite(score)) return false;
  if (!best) return true;
  return higher_is_better(metric) ? score > *best : score < *best;
}

}  // namespace seq2seq::train
