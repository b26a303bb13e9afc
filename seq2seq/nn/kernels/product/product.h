#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/operands.h"

namespace seq2seq::nn::kernels {

/// out[r, c] = start[r, c] + sum over k of left[r, k] panel[k, c], for the columns of a panel, or of several side by
/// side.
struct Product {
  const float* left;  // left[r, k] at r * row_stride + k * depth_stride, of which one is 1
  int64_t row_stride, depth_stride;
  const float* panel;  // as `pack` lays it out, in room for [depth, ProductKernels::columns]
  const float* start;  // [rows, columns], a row every start_stride (0: one row for all); null: zeros; may be `out`
  int64_t start_stride;
  float* out;  // a row every out_stride
  int64_t out_stride;
  int64_t rows, depth, columns;
  int64_t panel_stride = 0;  // from each panel to the next; unused where one has all columns
  /// Adds `start` to the sum over k instead of starting with it: a sum of many parts then loses less to rounding.
  bool start_last = false;
};

/// Products for one thread; the caller divides the rows and columns among threads. Every sum adds its terms in the
/// order of k, so a result depends neither on the rows and columns beside it nor on that division. With operands in
/// bf16, `pack` rounds the panel and `multiply` the left operand; memory holds float32.
struct ProductKernels {
  /// Columns of a panel.
  int64_t columns;
  /// to[k, c] = from[k * stride + c] for `count` columns, zeros for the rest of the panel.
  void (*pack)(const float* from, int64_t stride, int64_t depth, int64_t count, float* to);
  /// to[k, c] = from[c * stride + k]: the same of a matrix that lies transposed.
  void (*pack_transposed)(const float* from, int64_t stride, int64_t depth, int64_t count, float* to);
  /// to[k, c] = scale[k] * from[k * stride + c]: the rows of a matrix scaled.
  void (*pack_scaled)(const float* from, int64_t stride, const float* scale, int64_t depth, int64_t count, float* to);
  void (*multiply)(const Product& product);

  int64_t panels(int64_t of) const { return (of + columns - 1) / columns; }
};

/// No function pointer is null, for any instruction set. In bf16, avx512 needs a processor with AVX512-BF16
/// (has_bf16_products()), and all lower sets are the reference. In float32, amx is avx512.
ProductKernels product_kernels(Isa isa = best_isa(), Operands operands = Operands::float32);

}  // namespace seq2seq::nn::kernels
