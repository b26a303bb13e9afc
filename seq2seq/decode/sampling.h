#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/length_normalization.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// Number of tokens that an output may have, without the end symbol.
struct OutputLength {
  int64_t shortest = 0;
  int64_t longest = 1;
};

/// Distribution from which words are drawn: the model's, changed by these fields in order.
struct SampleOptions {
  double temperature = 1;  // p^(1/temperature), normalized
  int64_t top_k = 0;       // keep the k most probable words (Fan et al. 2018); 0: all
  double top_p = 1;        // keep the fewest words that together have this probability (Holtzman et al. 2020)
  double epsilon = 0;      // keep words of at least this probability (Hewitt et al. 2022), or else the best one
  uint64_t seed = 1;
};
void declare(config::Keys& keys, SampleOptions& options);

struct Drawing {
  SampleOptions sample;
  int64_t draws = 1;  // outputs of each source
  bool allow_unknown = false;
  LengthNormalization normalization;  // for the rank by which outputs are listed
};

/// Draws outputs of each source word by word and lists them best first; equal outputs are listed as often as they were
/// drawn. Scores are the model's own log-probabilities, whatever distribution the words were drawn from. A draw depends
/// on the seed, the source's words, the number of the draw and the position, not on the other sources of the batch.
/// Sources with the same words get the same outputs. A required prefix is written first; phrases cannot be required. An
/// output that does not end at the longest length is cut.
std::vector<std::vector<Hypothesis>> draw_samples(const Predictor& predictor, const Sources& sources,
                                                  const std::vector<OutputLength>& lengths, const Drawing& drawing,
                                                  const std::vector<OutputConstraints>& constraints = {});

}  // namespace seq2seq::decode
