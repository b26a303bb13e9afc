#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace seq2seq::metrics {

/// An estimate of a variance, and how much it is worth: with a normal sample of n it has n - 1 degrees of freedom.
struct Variance {
  double value = 0;
  double degrees_of_freedom = 0;
};

double mean(std::span<const double> values);
/// Of one value, without bias. Of a single value nothing is known: no degrees of freedom.
Variance variance(std::span<const double> values);

/// The variance of a sum of independent estimates, with the degrees of freedom of Satterthwaite (1946, "An approximate
/// distribution of estimates of variance components"). Parts of variance 0 count for nothing. Without degrees of
/// freedom if a part has none.
Variance sum(std::span<const Variance> parts);

/// A figure of a test set and how far it is known. Two things make it vary: the seeds (which runs were trained) and the
/// sentences (which were tested).
struct Estimate {
  double value = 0;
  Variance variance;  // of `value`

  /// The interval that holds the true value in `level` of the cases: none with a single seed.
  struct Interval {
    double low = 0, high = 0;
  };
  std::optional<Interval> interval(double level = 0.95) const;
  /// Two-sided, of the true value being 0.
  std::optional<double> p_value() const;
  /// The smallest true value that would be found to differ from 0, at 1 - `level`, with probability `power`.
  std::optional<double> detectable(double power = 0.8, double level = 0.95) const;

 private:
  bool known() const;  // how far; not of a single seed, nor where a run diverged
};

/// Figures of several runs, one a seed, of one configuration: the figure on the whole test set, and the same on
/// `resampled` sets of sentences, drawn from it with replacement, the same ones for whatever is compared.
struct RunFigures {
  double figure = 0;
  std::vector<double> resampled;
};

/// Mean over the runs. Its variance is that of the seeds over the number of runs plus that of the mean over the
/// resampled sets: a bootstrap over sentences alone would take the seeds that were drawn for the only ones.
/// `sentences` of the test set. Throws std::invalid_argument without a run or with unequal numbers of sets.
Estimate estimate_mean(std::span<const RunFigures> runs, int64_t sentences);

enum class Pairing { none, by_seed };  // by_seed: run i of the one started as run i of the other did
/// Mean of `runs` minus that of `reference`. Sentences are paired always, seeds where `pairing` says so.
Estimate estimate_difference(std::span<const RunFigures> runs, std::span<const RunFigures> reference, int64_t sentences,
                             Pairing pairing);

/// A figure of the sentences with these numbers, of which some occur several times.
using FigureOf = std::function<double(std::span<const int64_t> sentences)>;
/// Hands `sets` sets of as many sentences as there are to `visit`, drawn with replacement; sets depend on
/// (seed, sentences) alone.
void resample(int64_t sentences, int64_t sets, uint64_t seed,
              const std::function<void(std::span<const int64_t>)>& visit);
/// The figure of `sets` sets of as many sentences as there are, drawn with replacement; sets depend on
/// (seed, sentences) alone, so that figures of two systems on set i belong together (Koehn 2004, W04-3250).
std::vector<double> bootstrap(int64_t sentences, int64_t sets, uint64_t seed, const FigureOf& figure);

}  // namespace seq2seq::metrics
