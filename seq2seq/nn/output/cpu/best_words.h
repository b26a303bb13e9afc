#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/output/cpu/best_list.h"
#include "seq2seq/nn/output/cpu/word_panels.h"

namespace seq2seq::nn::cpu {

/// Operands and results of best_words(), in memory without gaps.
struct BestWords {
  const float* rows;  // [R, H]
  int64_t count;      // R
  int64_t k;          // words wanted of each row, at most V
  const BannedWords& banned;
  bool normalizes;  // true if log-probabilities come out; otherwise logits

  double* scores;  // [R, k] best first; minus infinity where a row has no more words
  int64_t* ids;    // [R, k] equal scores in the order of ids
};

/// Finds the k best words of each row while the logits of a tile are in the cache; none of a row [V] is ever written to
/// memory. Results have the same bits on any number of threads, and a row's in any batch. Returns false if a row has
/// no normalizer, as with a NaN among the weights: then nothing of use is written.
bool best_words(const WordPanels& panels, const BestWords& operands);

/// One of several layers over the same words, and the rows that it reads.
struct MixedRows {
  const WordPanels* panels;
  const float* rows;  // [R, width of the panels], without gaps
  double weight;      // at least 0
};

/// Operands and results of best_mixed_words().
struct BestMixedWords {
  std::vector<MixedRows> members;
  bool probabilities;  // true if log sum_m w_m p_m is the score of a word; otherwise sum_m w_m log p_m
  int64_t count;       // R
  int64_t k;           // words wanted of each row, at most V
  const BannedWords& banned;

  double* scores;  // [R, k] best first; minus infinity where a row has no more words
  int64_t* ids;    // [R, k] equal scores in the order of ids
};

/// Finds the k best words of each row by a mixture of layers. Of all members together it holds two numbers a word for a
/// few rows. Results have the same bits on any number of threads, and a row's in any batch. Returns false if float32
/// is not precise enough: for a row without a normalizer, or a word among the best that is too improbable. The outputs
/// are then undefined.
bool best_mixed_words(const BestMixedWords& operands);

}  // namespace seq2seq::nn::cpu
