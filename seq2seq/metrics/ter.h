#pragma once

#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// Translation edit rate (Snover et al. 2006), computed as by default in sacreBLEU 2.6.0, always in lower case: the
/// fewest edits against a reference, divided by the mean length of the references. See translation_edits.h.
class TerMetric final : public Metric {
 public:
  std::size_t size() const override { return 2; }
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;  // in percent; may exceed 100
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override { return "case:lc|tok:tercom|norm:no|punct:yes|asian:no"; }
};

std::unique_ptr<Metric> make_ter(const MetricOptions& options);

}  // namespace seq2seq::metrics
