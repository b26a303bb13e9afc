#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// The longest output, in tokens without the end symbol: ratio * source tokens + plus, and never more than `limit`.
struct MaxLengthOptions {
  double ratio = 2;
  int64_t plus = 10;
  int64_t limit = 1000;
};
void declare(config::Keys& keys, MaxLengthOptions& options);

struct DecodeOptions {
  int64_t beam = 12;  // 1: greedy
  int64_t n_best = 1;
  MaxLengthOptions max_length;
  int64_t batch = 64;  // sentences searched together; changes no result
  bool allow_unknown = false;
};
void declare(config::Keys& keys, DecodeOptions& options);

/// A finished output. Its score is the natural log-probability of its tokens and of the end symbol, the sum in double: what score() gives it.
struct Hypothesis {
  std::vector<int64_t> ids;           // without the end symbol
  std::vector<double> token_scores;   // one an id, then the end symbol's; a cut hypothesis has none for the end
  double score = 0;                   // their sum
  bool cut = false;                   // stopped at the longest output: scored as it stands, without an end symbol
};

/// The n best outputs of each source, best first, in the order of the sources. Beam search as in arXiv 1409.3215, section 3.2: all extensions of the live hypotheses
/// compete for the K places; those that end leave for the complete set and the next step keeps K live ones again. Without length normalisation scores only fall,
/// so a sentence is done once its best live hypothesis is below the n-th complete one. `source_tokens` are lengths without end symbol, for max_length.
std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const nn::Packed& sources,
                                            const std::vector<int64_t>& source_tokens, const DecodeOptions& options);

}  // namespace seq2seq::decode
