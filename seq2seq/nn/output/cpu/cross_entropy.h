#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/operands.h"

namespace seq2seq::nn::cpu {

/// Exponentials that cross_entropy() keeps at most for the derivative with respect to the weight: 64 MiB.
inline constexpr int64_t most_kept_exponentials = int64_t{1} << 24;

/// Operands and results of cross_entropy(), in float32, all matrices by rows without gaps.
struct CrossEntropy {
  const float* rows;       // [N, H]
  const float* weight;     // [V, H]
  const float* bias;       // [V]; null: none
  const int64_t* targets;  // [N], each below V
  const float* scale;  // [N] the derivative of the objective with respect to each loss; null: no derivative is wanted
  int64_t count, width, words;  // N, H, V
  float smoothing;              // share of the target that is spread evenly over all words

  float* losses;           // [N]
  float* row_gradient;     // [N, H]; null: not computed, as the next two
  float* weight_gradient;  // [V, H]
  float* bias_gradient;    // [V]
  bool differentiates_words() const { return weight_gradient != nullptr || bias_gradient != nullptr; }
};

/// Computes losses and derivatives with three products and no matrix [N, V]: see blocks.h. Each sum adds its terms in a
/// fixed order, so the results are the same bits on any number of threads, and a row's loss and gradient are the same
/// in any batch. `rounding`: of what the three products multiply; all else is float32.
void cross_entropy(const CrossEntropy& operands, Isa isa = best_isa(),
                   kernels::Operands rounding = kernels::Operands::float32);

/// Returns how many numbers cross_entropy() stores in training besides its results: kept exponentials, and matrices
/// that each thread lays out.
int64_t cross_entropy_workspace(int64_t count, int64_t width, int64_t words);

}  // namespace seq2seq::nn::cpu
