#pragma once

#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// chrF (Popovic 2015, W15-3049): the F score of n-grams of up to six characters, without blanks, with double weight
/// for recall. chrF++ (Popovic 2017, W17-4770) adds words and pairs of words. Computed as by default in sacreBLEU
/// 2.6.0: over the orders that both sides have, for the reference with the highest score.
class ChrfMetric final : public Metric {
 public:
  ChrfMetric(std::size_t word_orders, bool lowercase) : word_orders_(word_orders), lowercase_(lowercase) {}
  std::size_t size() const override;  // for each order the n-grams of the output, of the reference, and the matches
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;  // in [0, 100]
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 private:
  std::size_t word_orders_;
  bool lowercase_;
};

std::unique_ptr<Metric> make_chrf(const MetricOptions& options);
std::unique_ptr<Metric> make_chrf_plus_plus(const MetricOptions& options);

}  // namespace seq2seq::metrics
