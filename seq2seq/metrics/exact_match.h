#pragma once

#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// The share of outputs that have the same words in the same order as one of their references.
class ExactMatchMetric final : public Metric {
 public:
  explicit ExactMatchMetric(bool lowercase) : lowercase_(lowercase) {}
  std::size_t size() const override { return 2; }
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 private:
  bool lowercase_;
};

std::unique_ptr<Metric> make_exact_match(const MetricOptions& options);

}  // namespace seq2seq::metrics
