#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace seq2seq::metrics {

/// An estimate of a variance, with its degrees of freedom: n - 1 for a normal sample of size n.
struct Variance {
  double value = 0;
  double degrees_of_freedom = 0;
};

double mean(std::span<const double> values);
/// Unbiased variance of the values. A single value has no degrees of freedom.
Variance variance(std::span<const double> values);

/// The variance of a sum of independent estimates, with the degrees of freedom of Satterthwaite (1946, "An approximate
/// distribution of estimates of variance components"). Parts with variance 0 are ignored. Has no degrees of freedom if
/// a part has none.
Variance sum(std::span<const Variance> parts);

/// A figure of a test set and its uncertainty, which results from the seeds of the runs and from the choice of test
/// sentences.
struct Estimate {
  double value = 0;
  Variance variance;  // of `value`

  /// Returns the confidence interval at `level`; no value with a single seed.
  struct Interval {
    double low = 0, high = 0;
  };
  std::optional<Interval> interval(double level = 0.95) const;
  /// Returns the two-sided p-value for a true value of 0.
  std::optional<double> p_value() const;
  /// Returns the smallest true value that would be found to differ from 0, at 1 - `level`, with probability `power`.
  std::optional<double> detectable(double power = 0.8, double level = 0.95) const;

 private:
  bool known() const;  // true if the uncertainty is known: not for a single seed or a diverged run
};

/// Figures of several runs of one configuration, one per seed: the figure on the whole test set, and on `resampled`
/// sets of sentences drawn from it with replacement. All runs of a comparison use the same sets.
struct RunFigures {
  double figure = 0;
  std::vector<double> resampled;
};

/// Returns the mean over the runs. Its variance is the variance over seeds divided by the number of runs, plus the
/// variance of the mean over the resampled sets; a bootstrap over sentences alone would ignore the seeds. `sentences`:
/// number of sentences of the test set. Throws std::invalid_argument without a run or with unequal numbers of sets.
Estimate estimate_mean(std::span<const RunFigures> runs, int64_t sentences);

/// Returns the figure of one system without the variance over seeds: its variance comes from the sentences only.
Estimate estimate_of_system(const RunFigures& system, int64_t sentences);
/// Returns the figure of `system` minus the mean of the runs of `reference`; the variance includes the seeds of the
/// reference.
Estimate estimate_system_difference(const RunFigures& system, std::span<const RunFigures> reference, int64_t sentences);

enum class Pairing { none, by_seed };  // by_seed: run i of both sides started with the same seed
/// Returns the mean of `runs` minus the mean of `reference`. Sentences are always paired; seeds are paired according to
/// `pairing`.
Estimate estimate_difference(std::span<const RunFigures> runs, std::span<const RunFigures> reference, int64_t sentences,
                             Pairing pairing);

/// Returns the figure of the sentences with these numbers, which may repeat.
using FigureOf = std::function<double(std::span<const int64_t> sentences)>;
/// Calls `visit` with `sets` sets of `sentences` sentences, drawn with replacement. The sets depend only on (seed,
/// sentences).
void resample(int64_t sentences, int64_t sets, uint64_t seed,
              const std::function<void(std::span<const int64_t>)>& visit);
/// Returns the figures of `sets` sets of as many sentences as the text has, drawn with replacement. The sets depend
/// only on (seed, sentences), so the figures of two systems on set i belong together (Koehn 2004, W04-3250).
std::vector<double> bootstrap(int64_t sentences, int64_t sets, uint64_t seed, const FigureOf& figure);

}  // namespace seq2seq::metrics
