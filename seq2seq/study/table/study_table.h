#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/metrics/comparison.h"
#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

/// One metric of one line. Rates and shares are in percent, here and in the study's file.
struct MetricFigures {
  metrics::Estimate mean;                       // over the runs
  std::optional<double> deviation;              // standard deviation over the seeds; no value for one run
  std::optional<metrics::Estimate> difference;  // to the reference at the same point of every axis
  std::optional<double> published;
};

/// A row at one point of every axis, over all its seeds.
struct TableLine {
  std::string cell;
  bool reference = false;
  bool ensemble = false;  // a single system: its intervals are over sentences only
  bool paired = false;    // with the reference, seed by seed
  int64_t wanted = 0;     // number of runs
  std::vector<std::shared_ptr<const Record>> records;
  std::vector<MetricFigures> metrics;  // in the order of the study; empty without records
  double mean_of(double (*value)(const Record&)) const;
};

struct StudyTable {
  std::string question, scale, published_in, gap;  // `scale` is empty in a study without scales
  std::vector<std::string> metrics;
  std::vector<TableLine> lines;
  int64_t missing = 0;  // runs without a record that counts
  int64_t again = 0;    // of these, runs that have a record but are to be trained again
};

/// Number of bootstrap sets for the intervals. Repeated calls result in the same table.
inline constexpr int64_t table_sets = 1000;

/// Computes everything from the records of the plan.
StudyTable make_table(const StudyPlan& plan);

/// Returns true if run i of both starts with the same parameters and reads the same pairs in the same order; only then
/// are they compared seed by seed. Depends on the keys in which they differ.
bool can_pair_by_seed(const run::Configuration& a, const run::Configuration& b);

/// Returns the interval of a mean, limited to valid values of the metric.
std::optional<metrics::Estimate::Interval> possible_interval(const std::string& metric, const metrics::Estimate& mean);

/// Returns 100 for metrics shown in percent, otherwise 1.
double shown_factor(const std::string& metric);
/// Returns the digits after the point: perplexities near 1 differ in the third.
int shown_digits(const std::string& metric);
/// Returns `perplexity, lower is better`, `exact match in percent, higher is better`.
std::string metric_title(const std::string& metric);

}  // namespace seq2seq::study
