#include "seq2seq/metrics/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "seq2seq/core/random.h"
#include "seq2seq/metrics/student.h"

namespace seq2seq::metrics {

namespace {

void require_alike(std::span<const RunFigures> runs, size_t sets) {
  if (runs.empty()) throw std::invalid_argument("no runs to average");
  for (const auto& run : runs) {
    if (run.resampled.size() != sets) throw std::invalid_argument("runs have different numbers of resampled sets");
  }
}

std::vector<double> figures_of(std::span<const RunFigures> runs) {
  std::vector<double> figures;
  for (const auto& run : runs) figures.push_back(run.figure);
  return figures;
}

/// Returns, for each set, the mean over the runs.
std::vector<double> means_by_set(std::span<const RunFigures> runs) {
  std::vector<double> means(runs.front().resampled.size());
  for (const auto& run : runs) {
    for (size_t i = 0; i < means.size(); ++i) means[i] += run.resampled[i] / static_cast<double>(runs.size());
  }
  return means;
}

Variance of_mean(std::span<const double> values) {
  auto result = variance(values);
  result.value /= static_cast<double>(values.size());
  return result;
}

/// The variance of a bootstrap is the variance itself; its degrees of freedom come from the number of sentences.
Variance of_sentences(std::span<const double> resampled, int64_t sentences) {
  return {variance(resampled).value, static_cast<double>(sentences - 1)};
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
  return result;
}

}  // namespace

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Variance variance(std::span<const double> values) {
  if (values.size() < 2) return {};
  const double center = mean(values), freedom = static_cast<double>(values.size() - 1);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return {squares / freedom, freedom};
}

Variance sum(std::span<const Variance> parts) {
  double total = 0, weighted = 0;
  for (const auto& part : parts) {
    if (part.degrees_of_freedom <= 0) return {};
    total += part.value;
    weighted += part.value * part.value / part.degrees_of_freedom;
  }
  if (weighted > 0) return {total, total * total / weighted};
  double freedom = 0;  // nothing varies
  for (const auto& part : parts) freedom += part.degrees_of_freedom;
  return {0, freedom};
}

bool Estimate::known() const {
  return variance.degrees_of_freedom > 0 && std::isfinite(value) && std::isfinite(variance.value);
}

std::optional<Estimate::Interval> Estimate::interval(double level) const {
  if (!known()) return std::nullopt;
  const double half = student_quantile((1 + level) / 2, variance.degrees_of_freedom) * std::sqrt(variance.value);
  return Interval{value - half, value + half};
}

std::optional<double> Estimate::p_value() const {
  if (!known()) return std::nullopt;
  if (variance.value == 0) return value == 0 ? 1.0 : 0.0;
  return 2 * student_cdf(-std::abs(value) / std::sqrt(variance.value), variance.degrees_of_freedom);
}

std::optional<double> Estimate::detectable(double power, double level) const {
  if (!known() || variance.degrees_of_freedom < 1) return std::nullopt;
  const double freedom = variance.degrees_of_freedom;
  // With few runs, the measured variance is more often too small than too large: half of the time it is below this
  // share of the true one (the median of chi-square after Wilson and Hilferty 1931).
  const double median_share = std::pow(1 - 2 / (9 * freedom), 1.5);
  return (student_quantile((1 + level) / 2, freedom) + student_quantile(power, freedom)) * std::sqrt(variance.value) /
         median_share;
}

Estimate estimate_mean(std::span<const RunFigures> runs, int64_t sentences) {
  require_alike(runs, runs.empty() ? 0 : runs.front().resampled.size());
  const auto figures = figures_of(runs);
  const Variance parts[] = {of_mean(figures), of_sentences(means_by_set(runs), sentences)};
  return {mean(figures), sum(parts)};
}

Estimate estimate_of_system(const RunFigures& system, int64_t sentences) {
  return {system.figure, of_sentences(system.resampled, sentences)};
}

Estimate estimate_system_difference(const RunFigures& system, std::span<const RunFigures> reference,
                                    int64_t sentences) {
  require_alike(reference, system.resampled.size());
  const auto others = figures_of(reference);
  std::vector<Variance> parts{of_sentences(differences(system.resampled, means_by_set(reference)), sentences)};
  if (others.size() > 1) parts.push_back(of_mean(others));
  return {system.figure - mean(others), sum(parts)};
}

Estimate estimate_difference(std::span<const RunFigures> runs, std::span<const RunFigures> reference, int64_t sentences,
                             Pairing pairing) {
  require_alike(runs, runs.empty() ? 0 : runs.front().resampled.size());
  require_alike(reference, runs.front().resampled.size());
  const auto figures = figures_of(runs), others = figures_of(reference);
  std::vector<Variance> parts{of_sentences(differences(means_by_set(runs), means_by_set(reference)), sentences)};
  if (pairing == Pairing::by_seed) {
    if (figures.size() != others.size())
      throw std::invalid_argument("a paired comparison needs as many runs as references");
    parts.push_back(of_mean(differences(figures, others)));
  } else {
    parts.push_back(of_mean(figures));
    parts.push_back(of_mean(others));
  }
  return {mean(figures) - mean(others), sum(parts)};
}

void resample(int64_t sentences, int64_t sets, uint64_t seed,
              const std::function<void(std::span<const int64_t>)>& visit) {
  const RandomStream stream(seed, Purpose::sampling);
  std::vector<int64_t> drawn(static_cast<size_t>(sentences));
  for (int64_t set = 0; set < sets; ++set) {
    for (int64_t i = 0; i < sentences; ++i) {
      const double place = stream.uniform(static_cast<uint64_t>(set), static_cast<uint32_t>(i));
      drawn[static_cast<size_t>(i)] = static_cast<int64_t>(place * static_cast<double>(sentences));
    }
    visit(drawn);
  }
}

std::vector<double> bootstrap(int64_t sentences, int64_t sets, uint64_t seed, const FigureOf& figure) {
  std::vector<double> figures;
  resample(sentences, sets, seed, [&](std::span<const int64_t> drawn) { figures.push_back(figure(drawn)); });
  return figures;
}

}  // namespace seq2seq::metrics
