#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/decode/demand.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/length_normalization.h"
#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// Number of tokens that an output may have, without the end symbol.
struct OutputLength {
  int64_t shortest = 0;
  int64_t longest = 1;
};

/// Distribution that words are drawn from: the model's, sharpened and then cut off, in the order of these fields.
struct SampleOptions {
  double temperature = 1;  // p^(1/temperature), normalized
  int64_t top_k = 0;       // of the k most probable words (Fan et al. 2018); 0: of all
  double top_p = 1;        // of the fewest words that together have this probability (Holtzman et al. 2020)
  double epsilon = 0;      // of words that have at least this probability (Hewitt et al. 2022), or the best one
  uint64_t seed = 1;
};
void declare(config::Keys& keys, SampleOptions& options);

struct Drawing {
  SampleOptions sample;
  int64_t draws = 1;  // outputs of each source
  bool allow_unknown = false;
  LengthNormalization normalization;  // outputs are listed by rank
};

/// Draws outputs of each source word by word, listed best first; equal ones are listed as often as they were drawn.
/// Scores are the model's own log-probabilities, whatever distribution the words were drawn from. A draw depends on the
/// seed, the source's own words, its number among the draws and its position: not on what the source is searched with.
/// Sources of the same words get the same outputs. A demanded prefix is written first; phrases cannot be demanded. An
/// output of the longest length that does not end then is cut.
std::vector<std::vector<Hypothesis>> draw_samples(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths, const Drawing& drawing,
                                                  const std::vector<Demand>& demands = {});

}  // namespace seq2seq::decode
