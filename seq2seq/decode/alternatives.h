#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// A word with its natural log-probability.
struct Alternative {
  int64_t word = 0;
  double score = 0;
};

/// Returns the `count` most probable words after `written`, best first. `written` is a partial output, in the
/// order in which the model writes it. `sources` must hold exactly one sentence.
std::vector<Alternative> alternatives(const Predictor& predictor, const Sources& sources,
                                      const std::vector<int64_t>& written, int64_t count);

}  // namespace seq2seq::decode
