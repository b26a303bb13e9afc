#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/attention/dropout.h"

namespace seq2seq::nn::kernels {

/// out[r, c] = scale * (left_r . right_c): the dot products of all rows of two matrices.
struct RowDots {
  const float* left;  // [rows, depth], a row every left_stride
  int64_t left_stride;
  const float* right;  // [columns, depth], a row every right_stride
  int64_t right_stride;
  float* out;  // [rows, columns], a row every out_stride
  int64_t out_stride;
  int64_t rows, columns, depth;
  float scale;
};

/// out[r, c] = sum over k of left[r, k] right[k, c], or `add`s it to what is there.
struct RowProduct {
  const float* left;  // left[r, k] at r * row_stride + k * depth_stride
  int64_t row_stride, depth_stride;
  const float* right;  // [depth, columns], a row every right_stride
  int64_t right_stride;
  float* out;  // [rows, columns], a row every out_stride
  int64_t out_stride;
  int64_t rows, depth, columns;
  bool add;
};

/// scores[r, c] = v . tanh(query_r + key_c). `scratch` has room for additive_scratch(width) floats.
struct AdditiveScores {
  const float* queries;  // [rows, width], a row every query_stride
  int64_t query_stride;
  const float* keys;  // [columns, width], a row every key_stride
  int64_t key_stride;
  const float* v;  // [width]
  float* scores;   // [rows, columns]; backward reads the derivatives with respect to them from here
  int64_t rows, columns, width;
  float* scratch;
};

struct AdditiveGradient {
  float* queries;  // [rows, width] out
  float* keys;     // [columns, width] added to
  float* v;        // [width] added to
};

/// Scores of `lanes` queries side by side: a key's scores are one row. Softmax then runs down the columns, without
/// sums across a vector.
struct ScoreColumns {
  float* scores;          // [keys, lanes]
  float* log_sum;         // [lanes] log of the sum of the exponentials of a query's scores
  int64_t keys;           // at least 1
  int64_t lanes;          // a multiple of AttentionKernels::lanes
  int64_t seen_by_first;  // keys that the first query sees, each later one sees one more; `keys`: all see all
};

/// float32 for one thread. Every sum adds its terms in an order that depends only on its own operands' sizes: a query's
/// result has the same bits in any batch.
struct AttentionKernels {
  int64_t lanes;  // of a vector
  void (*dots)(const RowDots& dots);
  void (*multiply)(const RowProduct& product);

  /// A row of scores, at least one, to weights that sum to 1. A score of minus infinity gets 0.
  void (*softmax)(float* row, int64_t count);
  /// gradient = scale * weight * (gradient - sum of weight * gradient).
  void (*softmax_gradient)(const float* weights, float* gradient, int64_t count, float scale);

  void (*additive_scores)(const AdditiveScores& scores);
  void (*additive_gradient)(const AdditiveScores& scores, const AdditiveGradient& gradient);

  /// to[k, i] = scale * rows[i, k] for `count` rows, zeros for the lanes beyond them.
  void (*pack_columns)(const float* rows, int64_t stride, int64_t depth, int64_t count, float scale, float* to,
                       int64_t lanes);
  /// Scores to weights, and log_sum.
  void (*softmax_columns)(const ScoreColumns& columns);
  /// Scores to the same weights by the log_sum that softmax_columns() found.
  void (*weights_of_columns)(const ScoreColumns& columns);
  /// gradient [keys, lanes] = scale * weight * (gradient - its sum over the keys, weighted). columns.scores: weights.
  void (*softmax_gradient_columns)(const ScoreColumns& columns, float* gradient, float scale);

  /// Dropout: see WeightMask.
  void (*fill_mask)(const WeightMask& mask, const WeightMaskPlace& place);
  /// to[i] *= by[i], to[i] += by[i].
  void (*scale)(float* to, const float* by, int64_t count);
  void (*add)(float* to, const float* by, int64_t count);
};

/// Rows of either side that additive kernels work on at a time.
inline constexpr int64_t additive_block = 32;

/// Floats of scratch: the exponentials of a block of either side, v, and sums of a block.
inline constexpr int64_t additive_scratch(int64_t width) {
  const int64_t padded = (width + 15) / 16 * 16;
  return (2 * additive_block + 1) * padded + 2 * additive_block;
}

/// No function pointer is null, for any instruction set.
AttentionKernels attention_kernels(Isa isa = best_isa());

}  // namespace seq2seq::nn::kernels
