#pragma once

#include "seq2seq/metrics/bleu_metric.h"

namespace seq2seq::metrics {

/// BLEU as Moses' multi-bleu.perl computes it, on tokenized text: split at ASCII blanks, not smoothed. The figures of
/// Sutskever et al. 2014 are of this kind, so they depend on the tokenization of the references.
class MultiBleuMetric final : public BleuMetric {
 public:
  explicit MultiBleuMetric(bool lowercase)
      : BleuMetric({.smoothing = Smoothing::none, .lowercase = lowercase, .blanks = Blanks::ascii}),
        lowercase_(lowercase) {}
  std::string text(std::span<const double> sums) const override;
  std::string settings() const override;

 private:
  bool lowercase_;
};

std::unique_ptr<Metric> make_multi_bleu(const MetricOptions& options);

}  // namespace seq2seq::metrics
