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

/// The `count` most probable words after `written`, the first words of an output in the order in which the model writes
/// them; best first. `sources` holds one sentence.
std::vector<Alternative> alternatives(const Predictor& predictor, const Sources& sources,
                                      const std::vector<int64_t>& written, int64_t count);

}  // namespace seq2seq::decode
