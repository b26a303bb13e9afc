#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Draws K words per update so that the expected number of draws of each word is known exactly: min(1, c w) for a word
/// of weight w, with c such that these add up to K. Words with an expected number of 1 are in every update. The others,
/// sorted by falling weight, fill the remaining draws by stratified sampling (Cochran 1977, chapter 5): draw j falls
/// into the jth of equal shares of their expected numbers. With K at least V each word is drawn exactly once.
class WordSampler {
 public:
  /// `weights` [V], each above 0; `samples`: K, at least 1.
  WordSampler(const std::vector<double>& weights, int64_t samples);
  /// The words of an update [min(K, V)], on the CPU; a word of less weight may come twice. Depends only on the draw's
  /// seed and update, not on the batch: all rows of an update, wherever they are computed, meet the same words.
  Ids draw(const Draw& draw) const;
  /// Logarithm of the expected number of draws of each word [V], float64, on the CPU.
  const at::Tensor& log_expected() const { return log_expected_; }

 private:
  std::vector<int64_t> order_;      // by falling weight
  int64_t always_ = 0;              // how many of them are drawn every time
  int64_t draws_ = 0;               // of the others
  std::vector<double> cumulative_;  // of the others: how often one of those so far is drawn on average
  at::Tensor log_expected_;
};

/// Weights by id that fall as log(1 + 1 / (id + 1)), after Zipf: ids are in the order of frequency.
std::vector<double> log_uniform_weights(int64_t vocabulary);

/// Weights by id: the words' counts to the power of `exponent`. A word without an occurrence counts as if it had one,
/// because it may be a target.
std::vector<double> unigram_weights(const std::vector<int64_t>& counts, double exponent);

}  // namespace seq2seq::nn
