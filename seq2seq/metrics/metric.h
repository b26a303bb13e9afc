#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/references.h"

namespace seq2seq::metrics {

/// Counts of one sentence for a figure. The sums over sentences give the figure of a text, so the counts of a text are
/// enough for the figure of any selection of its sentences.
using Counts = std::vector<double>;

/// A way to compare lines of output with lines of references. Stateless; safe to share between threads.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual std::size_t size() const = 0;  // number of counts
  /// Counts one sentence. There must be at least one reference; it may be empty.
  virtual Counts count(const std::string& output, const std::vector<std::string>& references) const = 0;
  /// Returns the figure of summed counts.
  virtual double figure(std::span<const double> sums) const = 0;
  /// Returns the figure of one sentence's counts.
  virtual double sentence_figure(std::span<const double> counts) const { return figure(counts); }
  /// Returns the similarity of each line to all of them: the sum of its sentence figures with each line as the only
  /// reference, times the weight of that line.
  virtual std::vector<double> similarities(const std::vector<std::string>& lines,
                                           std::span<const double> weights) const;
  /// Returns the figure as the metric's best-known program prints it: `chrF2 = 56.33`.
  virtual std::string text(std::span<const double> sums) const = 0;
  /// Returns its settings, the middle part of its signature: `case:mixed|eff:yes|nc:6|nw:0|space:no`.
  virtual std::string settings() const = 0;
};

struct MetricKind {
  std::string_view name;   // in configurations, options and JSON
  std::string_view title;  // in tables
  bool higher_is_better = false;
  bool share = false;  // a share of 1, shown in percent
  std::unique_ptr<Metric> (*make)(const MetricOptions& options) = nullptr;
};

/// Returns all kinds. A new metric needs a header, a source file and a line there.
const std::vector<MetricKind>& metric_kinds();
/// Returns null for an unknown name.
const MetricKind* find_metric(std::string_view name);

/// Returns `nrefs:1|SETTINGS|version:seq2seq-0.1.0`, in the form of sacreBLEU's signatures, for publication with a
/// figure.
std::string signature(const References& references, std::string_view settings);

}  // namespace seq2seq::metrics
