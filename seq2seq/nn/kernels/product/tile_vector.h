#pragma once

// The innermost product, compiled once for each instruction set: see vector.h.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// Rows of a tile whose sums fit the registers beside a row of its panel.
template <int Columns>
inline constexpr int tile_rows = Vector::registers * 3 / 4 / Columns;

/// sum[r][c] += a[r, :] panel[:, c], with a[r, k] at r * row_stride + k * depth_stride and the panel [depth, Columns,
/// width] in one piece.
template <int Rows, int Columns>
[[gnu::always_inline]] inline void multiply_tile(const float* a, int64_t row_stride, int64_t depth_stride,
                                                 const float* panel, int64_t depth, Vector (&sum)[Rows][Columns]) {
#pragma GCC unroll 16  // a loop of single steps is 3 to 6 % slower
  for (int64_t k = 0; k < depth; ++k, a += depth_stride, panel += Columns * Vector::width) {
    Vector right[Columns];
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) right[c] = Vector::load(panel + c * Vector::width);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const Vector left = Vector::all(a[r * row_stride]);
#pragma GCC unroll 8
      for (int c = 0; c < Columns; ++c) sum[r][c] = fma(left, right[c], sum[r][c]);
    }
  }
}

/// The same for a depth stride of 1. Also prefetches the rows of the next tile, which must be as large, into the
/// second-level cache.
template <int Rows, int Columns>
[[gnu::always_inline]] inline void multiply_and_prefetch(const float* a, int64_t row_stride, const float* panel,
                                                         int64_t depth, Vector (&sum)[Rows][Columns]) {
  constexpr int64_t line = 16;  // numbers of a cache line
  for (int64_t first = 0; first < depth; first += line) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) __builtin_prefetch(a + first + (Rows + r) * row_stride, /*rw=*/0, /*locality=*/2);
    const int64_t count = std::min(line, depth - first);
    multiply_tile(a + first, row_stride, 1, panel + first * Columns * Vector::width, count, sum);
  }
}

/// Calls work(rows of the tile as a constant, first row) until `rows` are done: whole tiles, then a smaller one.
template <int Rows, class Work>
void for_tiles(int64_t rows, Work work) {
  int64_t row = 0;
  for (; row + Rows <= rows; row += Rows) work(std::integral_constant<int, Rows>(), row);
  [&]<int... Rest>(std::integer_sequence<int, Rest...>) {
    (void)((rows - row == Rest + 1 && (work(std::integral_constant<int, Rest + 1>(), row), true)) || ...);
  }
  (std::make_integer_sequence<int, Rows - 1>());
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
