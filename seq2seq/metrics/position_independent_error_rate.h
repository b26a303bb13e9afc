#pragma once

#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// The position-independent error rate (Tillmann et al. 1997, "Accelerated DP based search for statistical
/// translation"; the PER of translation): the word error rate of bags of words. The larger of the numbers of words of
/// output and reference, minus the number of common words, divided by the words of the reference; for the reference
/// with the smallest rate.
class PositionIndependentErrorRateMetric final : public Metric {
 public:
  explicit PositionIndependentErrorRateMetric(bool lowercase) : lowercase_(lowercase) {}
  std::size_t size() const override { return 2; }
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 private:
  bool lowercase_;
};

std::unique_ptr<Metric> make_position_independent_error_rate(const MetricOptions& options);

}  // namespace seq2seq::metrics
