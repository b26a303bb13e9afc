#include "seq2seq/metrics/position_independent_error_rate.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "seq2seq/metrics/error_rate.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

Counts PositionIndependentErrorRateMetric::count(const std::string& output,
                                                 const std::vector<std::string>& references) const {
  const auto bag = [this](const std::string& line) {
    auto words = split_words(lowercase_ ? lower_case(line) : line);
    std::sort(words.begin(), words.end());
    return words;
  };
  const auto written = bag(output);
  Counts best;
  for (const auto& line : references) {
    const auto reference = bag(line);
    Tokens common;
    std::set_intersection(written.begin(), written.end(), reference.begin(), reference.end(),
                          std::back_inserter(common));
    const auto errors = static_cast<double>(std::max(written.size(), reference.size()) - common.size());
    const auto words = static_cast<double>(reference.size());
    // As for the word error rate, an empty reference counts as one word long.
    if (best.empty() || errors * std::max(best[1], 1.0) < best[0] * std::max(words, 1.0)) best = {errors, words};
  }
  return best;
}

double PositionIndependentErrorRateMetric::figure(std::span<const double> sums) const {
  return error_share(sums[0], sums[1]);
}

std::string PositionIndependentErrorRateMetric::text(std::span<const double> sums) const {
  return fmt::format("PER = {:.2f} %", 100 * figure(sums));
}

std::string PositionIndependentErrorRateMetric::settings() const {
  return fmt::format("case:{}|tok:none|ref:nearest", lowercase_ ? "lc" : "mixed");
}

std::unique_ptr<Metric> make_position_independent_error_rate(const MetricOptions& options) {
  return std::make_unique<PositionIndependentErrorRateMetric>(options.lowercase);
}

}  // namespace seq2seq::metrics
