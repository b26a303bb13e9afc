#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "seq2seq/decode/length_normalization.h"

namespace seq2seq::decode {

/// Sums of attention weights of a hypothesis, one for each word of its source; null where no rule reads them. All
/// extensions of a hypothesis share them.
using Coverage = std::shared_ptr<const std::vector<double>>;

/// The comparison of hypotheses of one source. Beginnings of one length compete by their `value`, the sum of
/// token() over what they have written; outputs by their rank(). Values only fall as an output grows, and no rank is
/// above bound(): so a search can drop a beginning for good once its bound is below the ranks it must beat.
struct ScoringRule {
  LengthNormalization normalization;
  double repetition = 1;  // at least 1
  double coverage = 0;    // beta of Wu et al. 2016, arXiv 1609.08144, equation 14; at least 0

  /// A token's share of the value: its log-probability, `repetition` times that of a word that the output has already.
  /// Keskar et al. 2019, arXiv 1909.05858, section 4.1, divide logits by the penalty before the softmax; here what is
  /// discounted is the log-probability, and the other words are left alone, so that values still fall.
  double token(double log_probability, bool repeated) const {
    return repeated ? repetition * log_probability : log_probability;
  }
  /// value / divisor + `coverage` * sum over the source's words of log(min(weights that it got, 1)).
  double rank(double value, int64_t tokens, const Coverage& covered) const {
    return normalization.rank(value, tokens) + (covered == nullptr ? 0 : coverage * coverage_of(*covered));
  }
  /// The highest rank that a beginning of this value can still reach in at most so many tokens. Later words may cover
  /// all of the source, so that the penalty is 0.
  double bound(double value, int64_t most_tokens) const { return normalization.bound(value, most_tokens); }

  bool reads_attention() const { return coverage > 0; }
  bool reads_words() const { return repetition != 1; }

  /// The sum of logarithms above, at most 0. A word that got no weight counts as one that got 1e-10.
  static double coverage_of(std::span<const double> sums);
};

/// `before` (null: nothing) plus one more row of attention weights, of which those at `positions` are kept.
Coverage covered(const Coverage& before, const double* weights, std::span<const int64_t> positions);

}  // namespace seq2seq::decode
