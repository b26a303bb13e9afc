#pragma once

#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// BLEU, see bleu.h. The BLEU of a sentence is sacreBLEU's `sentence_bleu`: over the orders for which the output has
/// n-grams.
class BleuMetric : public Metric {
 public:
  explicit BleuMetric(const BleuOptions& options) : options_(options) {}
  std::size_t size() const override;
  Counts count(const std::string& output, const std::vector<std::string>& references) const override;
  double figure(std::span<const double> sums) const override;
  double sentence_figure(std::span<const double> counts) const override;
  std::vector<double> similarities(const std::vector<std::string>& lines,
                                   std::span<const double> weights) const override;
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 protected:
  Bleu bleu(std::span<const double> sums) const;

 private:
  BleuOptions options_;
};

std::unique_ptr<Metric> make_bleu(const MetricOptions& options);

}  // namespace seq2seq::metrics
