#pragma once

#include <cstdint>

#include "seq2seq/config/keys.h"

namespace seq2seq::decode {

/// Divisor of scores, so that outputs of different lengths can be compared.
struct LengthNormalization {
  enum class Kind {
    none,     // 1
    average,  // n, the number of tokens with the end symbol: the mean log-probability of a token
    gnmt      // ((5 + n) / 6)^alpha: Wu et al. 2016, arXiv 1609.08144, equation 14
  };
  Kind kind = Kind::none;
  double alpha = 0.6;  // of gnmt; at least 0, so that the divisor never falls with the length

  double divisor(int64_t tokens) const;
  /// Returns the ranking score of an output with this score and number of tokens, counting the end symbol.
  double ranking_score(double score, int64_t tokens) const { return score / divisor(tokens); }
  /// Returns the highest ranking score that a partial output of this score can still reach with at most this many
  /// tokens: scores only fall, and divisors never fall.
  double bound(double score, int64_t most_tokens) const { return score / divisor(most_tokens); }
};
void declare(config::Keys& keys, LengthNormalization& options);

}  // namespace seq2seq::decode
