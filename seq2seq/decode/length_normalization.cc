#include "seq2seq/decode/length_normalization.h"

#include <algorithm>
#include <cmath>

namespace seq2seq::decode {

double LengthNormalization::divisor(int64_t tokens) const {
  constexpr double offset = 5;
  switch (kind) {
    case Kind::none:
      break;
    case Kind::average:
      return static_cast<double>(std::max<int64_t>(tokens, 1));  // an output that was cut at once has none
    case Kind::gnmt:
      return std::pow((offset + static_cast<double>(tokens)) / (offset + 1), alpha);
  }
  return 1;
}

void declare(config::Keys& keys, LengthNormalization& options) {
  using Kind = LengthNormalization::Kind;
  keys.add("kind", options.kind, {{"none", Kind::none}, {"average", Kind::average}, {"gnmt", Kind::gnmt}},
           "none: the sum of log-probabilities; average: their mean; gnmt: divided by ((5 + tokens) / 6)^alpha (Wu et "
           "al. 2016)");
  keys.add("alpha", options.alpha, "with gnmt: strength; 0: none, larger values favour longer outputs").at_least(0);
}

}  // namespace seq2seq::decode
