#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "test/decode/tree_predictor.h"

namespace seq2seq::test {

/// Returns every output of up to `longest` words, best first: the results of a search without limits.
std::vector<decode::Hypothesis> list_outputs(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                             int64_t longest);

struct PlainSearch {
  int64_t beam = 1;
  int64_t n_best = 1;
  int64_t shortest = 0;
  int64_t longest = 1;
  bool refill = true;
  int64_t no_repeat = 0;
  decode::LengthNormalization normalization{};
  bool drop_beaten = true;  // rule 3 of beam_search.h; without it the search continues to the longest output
  double repetition = 1;
  double coverage = 0;
  int64_t groups = 1;
  double diversity = 0;
};

/// Searches by the rules of beam_search.h in a plain way: whole hypotheses, the whole vocabulary, everything sorted.
std::vector<decode::Hypothesis> plain_search(const TreePredictor& predictor, const std::vector<int64_t>& source,
                                             const PlainSearch& options);

/// Returns the rank of an output, from its ids and the score of each token.
double plain_rank(const TreePredictor& predictor, const std::vector<int64_t>& source,
                  const decode::Hypothesis& hypothesis, const PlainSearch& options);

/// Returns true if the words occur in the ids, one after the other.
bool contains(const std::vector<int64_t>& ids, const std::vector<int64_t>& words);

}  // namespace seq2seq::test
