#pragma once

#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// The word error rate (WER): the fewest insertions, deletions and substitutions of words (Levenshtein 1966), divided
/// by the words of the nearest reference. See error_rate.h.
class WordErrorRateMetric final : public Metric {
 public:
  explicit WordErrorRateMetric(bool lowercase) : lowercase_(lowercase) {}
  std::size_t size() const override { return 2; }
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 private:
  bool lowercase_;
};

std::unique_ptr<Metric> make_word_error_rate(const MetricOptions& options);

}  // namespace seq2seq::metrics
