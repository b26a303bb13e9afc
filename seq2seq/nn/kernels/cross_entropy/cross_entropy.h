#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"

namespace seq2seq::nn::kernels {

/// Logits of some words for some rows, a word in each row of the matrix, and what is known of each row's softmax.
/// Exponentials are relative to a running maximum of the row, which is raised only if a logit exceeds it by more than
/// `reference_slack`. So it soon stays the same, and earlier exponentials stay valid.
struct LogitTile {
  float* logits;  // [words, rows] in: logits without bias; out: exp(z - reference)
  int64_t stride;
  int64_t words, rows;  // at least a word; rows: a multiple of CrossEntropyKernels::lanes
  const float* bias;    // [words]; null: none
  float* reference;     // [rows] in: of the words before, -infinity if there are none; out: with these
  float* change;        // [rows] out: exp(reference before - reference after)
  float* sum;           // [rows] in and out: sum of exp(z - reference)
  float* total;         // [rows] in and out: sum of z; null: not wanted
};

inline constexpr float reference_slack = 16;

/// sums[w, l] += the sum over r = l, l + lanes, l + 2 lanes, ... of factors[r] values[w * stride + r].
struct WeightedSums {
  const float* values;
  int64_t stride;
  int64_t words, rows;
  const float* factors;  // [rows]
  float* sums;           // [words, CrossEntropyKernels::lanes]
};

/// The parts of softmax and cross-entropy beside the products, for one thread. A row's result depends only on that row.
struct CrossEntropyKernels {
  int64_t lanes;
  void (*exponentials)(const LogitTile& tile);
  void (*add_sums)(const WeightedSums& sums);
};

/// No function pointer is null, for any instruction set.
CrossEntropyKernels cross_entropy_kernels(Isa isa = best_isa());

}  // namespace seq2seq::nn::kernels
