#pragma once

#include <cstdint>

#include "seq2seq/config/keys.h"

namespace seq2seq::decode {

/// What a score is divided by before outputs of different lengths are compared.
struct LengthNormalization {
  enum class Kind {
    none,     // 1
    average,  // n, the tokens with the end symbol: the mean log-probability of a token
    gnmt      // ((5 + n) / 6)^alpha: Wu et al. 2016, arXiv 1609.08144, equation 14
  };
  Kind kind = Kind::none;
  double alpha = 0.6;  // of gnmt; at least 0, so that the divisor never falls with the length

  double divisor(int64_t tokens) const;
  /// What an output of this score and so many tokens, the end symbol among them, is ranked by.
  double rank(double score, int64_t tokens) const { return score / divisor(tokens); }
  /// The highest rank that a beginning of this score can still reach in at most so many tokens: scores only fall, and
  /// divisors never do.
  double bound(double score, int64_t most_tokens) const { return score / divisor(most_tokens); }
};
void declare(config::Keys& keys, LengthNormalization& options);

}  // namespace seq2seq::decode
