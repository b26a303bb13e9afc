#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "seq2seq/decode/length_normalization.h"

namespace seq2seq::decode {

/// Sums of attention weights of a hypothesis, one for each word of its source; null if no rule reads them. All
/// extensions of a hypothesis share them.
using Coverage = std::shared_ptr<const std::vector<double>>;

/// The comparison of hypotheses of one source. Beginnings of one length compete by their `value`, the sum of token()
/// over their tokens; outputs compete by their ranking_score(). Values only fall as an output grows, and no ranking
/// score is above bound(). So a search can drop a partial output for good once its bound is below the scores that it
/// must beat.
struct ScoringRule {
  LengthNormalization normalization;
  double repetition = 1;  // at least 1
  double coverage = 0;    // beta of Wu et al. 2016, arXiv 1609.08144, equation 14; at least 0

  /// Returns a token's share of the value: its log-probability, times `repetition` for a word that the output already
  /// has. Keskar et al. 2019, arXiv 1909.05858, section 4.1, divide logits by the penalty before the softmax. Here the
  /// penalty changes only the log-probability of the repeated word, so that values still fall.
  double token(double log_probability, bool repeated) const {
    return repeated ? repetition * log_probability : log_probability;
  }
  /// value / divisor + `coverage` * sum over the source's words of log(min(weights it received, 1)).
  double ranking_score(double value, int64_t tokens, const Coverage& covered) const {
    return normalization.ranking_score(value, tokens) + (covered == nullptr ? 0 : coverage * coverage_of(*covered));
  }
  /// Returns the highest ranking score that a partial output of this value can still reach with at most this many
  /// tokens. Later words may cover the whole source, so the coverage penalty counts as 0.
  double bound(double value, int64_t most_tokens) const { return normalization.bound(value, most_tokens); }

  bool reads_attention() const { return coverage > 0; }
  bool reads_words() const { return repetition != 1; }

  /// Returns the sum of logarithms above, at most 0. A word that received no weight counts as 1e-10.
  static double coverage_of(std::span<const double> sums);
};

/// Returns `before` (null: zeros) plus one more row of attention weights; only weights at `positions` are kept.
Coverage covered(const Coverage& before, const double* weights, std::span<const int64_t> positions);

}  // namespace seq2seq::decode
