#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/output/cpu/word_panels.h"

namespace seq2seq::nn::cpu {

/// Words that may not come next.
struct BannedWords {
  std::vector<int64_t> everywhere;  // ascending
  std::vector<int64_t> of_rows;     // of the first row, ascending, then of the second, ...
  std::vector<int64_t> offsets;     // [R + 1] where each row's begin; empty: no row has any
};

/// Operands and results of best_words(), in memory without gaps.
struct BestWords {
  const float* rows;  // [R, H]
  int64_t count;      // R
  int64_t k;          // words wanted of each row, at most V
  const BannedWords& banned;
  bool normalizes;  // whether log-probabilities come out; otherwise logits

  double* scores;  // [R, k] best first; minus infinity where a row has no more words
  int64_t* ids;    // [R, k] equal scores in the order of ids
};

/// Finds the k best words of each row while the logits of a tile are in the cache; none of a row [V] is ever written to
/// memory. Results have the same bits on any number of threads, and a row's in any batch. Returns false if a row has
/// no normalizer, as with a NaN among the weights: then nothing of use is written.
bool best_words(const WordPanels& panels, const BestWords& operands);

}  // namespace seq2seq::nn::cpu
