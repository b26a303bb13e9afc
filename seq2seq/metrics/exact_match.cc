#include "seq2seq/metrics/exact_match.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

Counts ExactMatchMetric::count(const std::string& output, const std::vector<std::string>& references) const {
  const auto words = [this](const std::string& line) { return split_words(lowercase_ ? lower_case(line) : line); };
  const auto written = words(output);
  const bool exact = std::any_of(references.begin(), references.end(),
                                 [&](const std::string& reference) { return words(reference) == written; });
  return {exact ? 1.0 : 0.0, 1};
}

double ExactMatchMetric::figure(std::span<const double> sums) const { return sums[1] > 0 ? sums[0] / sums[1] : 0; }

std::string ExactMatchMetric::text(std::span<const double> sums) const {
  return fmt::format("exact match = {:.2f} %", 100 * figure(sums));
}

std::string ExactMatchMetric::settings() const {
  return fmt::format("case:{}|tok:none|ref:any", lowercase_ ? "lc" : "mixed");
}

std::unique_ptr<Metric> make_exact_match(const MetricOptions& options) {
  return std::make_unique<ExactMatchMetric>(options.lowercase);
}

}  // namespace seq2seq::metrics
