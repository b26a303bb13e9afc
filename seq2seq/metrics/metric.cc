#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

std::vector<double> Metric::similarities(const std::vector<std::string>& lines, std::span<const double> weights) const {
  std::vector<double> sums(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (std::size_t j = 0; j < lines.size(); ++j) sums[i] += weights[j] * sentence_figure(count(lines[i], {lines[j]}));
  return sums;
}

}  // namespace seq2seq::metrics
