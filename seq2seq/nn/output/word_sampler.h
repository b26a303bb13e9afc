#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Draws K words per update so that the expected number of draws of each word is known exactly: min(1, c w) for a word
/// of weight w, with c chosen so that the sum is K. Words with an expected number of 1 are in every update. The others,
/// sorted by falling weight, fill the remaining draws by stratified sampling (Cochran 1977, chapter 5): their expected
/// numbers are divided into equal shares, and draw j falls into share j. With K at least V each word is drawn exactly
/// once.
class WordSampler {
 public:
  /// `weights` [V], each above 0; `samples`: K, at least 1.
  WordSampler(const std::vector<double>& weights, int64_t samples);
  /// Returns the words of an update [min(K, V)], on the CPU; a word of small weight may occur twice. Depends only on
  /// the draw's seed and update, not on the batch: all rows of an update share the same words, wherever they are
  /// computed.
  Ids draw(const Draw& draw) const;
  /// Logarithm of the expected number of draws of each word [V], float64, on the CPU.
  const at::Tensor& log_expected() const { return log_expected_; }

 private:
  std::vector<int64_t> order_;      // by falling weight
  int64_t always_ = 0;              // how many of them are in every update
  int64_t draws_ = 0;               // of the others
  std::vector<double> cumulative_;  // of the others: running sum of the expected numbers of draws
  at::Tensor log_expected_;
};

/// Weights by id that fall as log(1 + 1 / (id + 1)), after Zipf: ids are in order of falling frequency.
std::vector<double> log_uniform_weights(int64_t vocabulary);

/// Weights by id: the words' counts to the power of `exponent`. A word that does not occur counts as if it occurred
/// once, because it may be a target.
std::vector<double> unigram_weights(const std::vector<int64_t>& counts, double exponent);

}  // namespace seq2seq::nn
