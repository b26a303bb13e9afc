#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/metrics/comparison.h"
#include "seq2seq/metrics/metric.h"

namespace seq2seq::metrics {

/// Counts of an output by one metric, one row per sentence.
class CountTable {
 public:
  explicit CountTable(std::shared_ptr<const Metric> metric) : metric_(std::move(metric)) {}

  void add(const Counts& counts) { values_.insert(values_.end(), counts.begin(), counts.end()); }
  int64_t sentences() const { return std::ssize(values_) / static_cast<int64_t>(metric_->size()); }
  std::span<const double> operator[](int64_t sentence) const;
  /// Returns the figure of these sentences, which may repeat.
  double figure(std::span<const int64_t> sentences) const { return metric_->figure(sums(sentences)); }
  /// Returns the figure as text, see Metric::text.
  std::string text(std::span<const int64_t> sentences) const { return metric_->text(sums(sentences)); }
  double sentence_figure(int64_t sentence) const { return metric_->sentence_figure((*this)[sentence]); }
  const Metric& metric() const { return *metric_; }

 private:
  Counts sums(std::span<const int64_t> sentences) const;

  std::shared_ptr<const Metric> metric_;
  std::vector<double> values_;
};

struct ResamplingOptions {
  int64_t samples = 1000;  // number of resampled sets, and of shuffles
  uint64_t seed = 1;
  double level = 0.95;  // of the intervals
};

/// The figure of an output on a text, and an interval between percentiles of its figures on resampled sets.
struct ResampledFigure {
  double value = 0;
  Estimate::Interval interval;
};

/// The figures of one output, or of two outputs and their comparison, by a metric. `difference` is the second figure
/// minus the first. Without a second output, all fields except `first` have their defaults.
struct PairedTest {
  ResampledFigure first, second, difference;
  /// Share of the resampled sets on which the second output is better (Koehn 2004, W04-3250); equal ones count half.
  double second_better = 0.5;
  /// Share of resampled sets with a difference at least as large, in either direction, after the measured difference
  /// was subtracted from all sets; and the same share if outputs are exchanged at random, sentence by sentence (Riezler
  /// and Maxwell 2005, W05-0908). Both are (times + 1) / (samples + 1).
  double bootstrap_p = 1, randomization_p = 1;
  /// Numbers of sentences on which the first or the second output is better, or neither.
  int64_t first_wins = 0, second_wins = 0, equal = 0;
};

/// The outputs of one text by one metric: one output, or two to compare.
struct OutputTables {
  const MetricKind* kind = nullptr;
  CountTable first;
  std::optional<CountTable> second;
};

/// Tests each of `tables` on the given sentences of the text, with the same resampled sets for all. Calls `done` with
/// the number of finished sets.
std::vector<PairedTest> paired_tests(std::span<const OutputTables> tables, std::span<const int64_t> sentences,
                                     const ResamplingOptions& options, const std::function<void(int64_t)>& done = {});

}  // namespace seq2seq::metrics
