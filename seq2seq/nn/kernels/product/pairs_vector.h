#pragma once

// The innermost product of operands rounded to bf16, with sums in float32, for processors with AVX512-BF16: see
// vector.h. One instruction multiplies two neighbouring numbers of the depth and adds both products, so operands lie in
// pairs of 32 bits: a vector of pairs takes the place of a vector of float32.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "seq2seq/nn/kernels/product/transpose_vector.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

constexpr int64_t pairs_of(int64_t numbers) { return (numbers + 1) / 2; }

/// Columns of a panel in pairs.
inline constexpr int64_t panel_columns = 4 * Vector::width;
/// Rows of pairs that one instruction of AMX multiplies.
inline constexpr int64_t tile_pairs = 16;

/// Clears the rows of pairs after the last one, up to a multiple of `tile_pairs`, so that AMX can read them. Panels of
/// a smaller depth have no room for them, for they have room for `depth` rows.
inline void clear_rest(int64_t depth, float* panel) {
  if (depth < tile_pairs) return;
  const int64_t pairs = pairs_of(depth), whole = (pairs + tile_pairs - 1) / tile_pairs * tile_pairs;
  std::fill(panel + pairs * panel_columns, panel + whole * panel_columns, 0.0F);
}

/// Lane i: the pair of first[i] and second[i].
inline Vector paired(Vector first, Vector second) {
  alignas(64) static constexpr uint16_t alternating[] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                         8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const auto both = std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(second.lanes, first.lanes));
  return {_mm512_castsi512_ps(_mm512_permutexvar_epi16(_mm512_load_si512(alternating), both))};
}

/// Loads up to 32 numbers as pairs of neighbours; zeros beyond `count`.
[[gnu::always_inline]] inline Vector load_pairs(const float* from, int64_t count) {
  constexpr int64_t width = Vector::width;
  const Vector first = count >= width ? Vector::load(from) : Vector::load(from, count);
  const Vector second = count >= 2 * width ? Vector::load(from + width)
                        : count > width    ? Vector::load(from + width, count - width)
                                           : Vector::all(0.0F);
  return {std::bit_cast<__m512>(_mm512_cvtne2ps_pbh(second.lanes, first.lanes))};
}

/// sum + the two products of the pairs in each lane.
inline Vector add_products(Vector sum, Vector a, Vector b) {
  return {_mm512_dpbf16_ps(sum.lanes, std::bit_cast<__m512bh>(a.lanes), std::bit_cast<__m512bh>(b.lanes))};
}

/// to[k / 2 * to_stride + lane] = the pair of from[lane * from_stride + k] and its neighbour, for k < depth and
/// lane < lanes; zeros beyond them.
[[gnu::always_inline]] inline void transpose_pairs(const float* from, int64_t from_stride, int64_t depth, int64_t lanes,
                                                   float* to, int64_t to_stride) {
  constexpr int64_t width = Vector::width;
  for (int64_t first = 0; first < depth; first += 2 * width) {
    const int64_t count = std::min(2 * width, depth - first);
    Vector rows[width];
    for (int64_t lane = 0; lane < width; ++lane)
      rows[lane] = lane < lanes ? load_pairs(from + lane * from_stride + first, count) : Vector::all(0.0F);
    transpose(rows);
    for (int64_t k = 0; k < pairs_of(count); ++k) rows[k].store(to + (first / 2 + k) * to_stride);
  }
}

/// sum[r][c] += left[r, :] panel[:, c], where pair k of row r stands at left + r * RowStride + k * PairStride and the
/// panel is [pairs, Columns, width] in one piece.
template <int64_t RowStride, int64_t PairStride, int Rows, int Columns>
[[gnu::always_inline]] inline void multiply_pairs(const float* left, const float* panel, int64_t pairs,
                                                  Vector (&sum)[Rows][Columns]) {
  for (int64_t k = 0; k < pairs; ++k, left += PairStride, panel += Columns * Vector::width) {
    Vector right[Columns];
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) right[c] = Vector::load(panel + c * Vector::width);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const Vector pair = Vector::all(left[r * RowStride]);
#pragma GCC unroll 8
      for (int c = 0; c < Columns; ++c) sum[r][c] = add_products(sum[r][c], pair, right[c]);
    }
  }
}

/// Numbers of the left operand's depth that are rounded at once.
inline constexpr int64_t rounded_depth = 256;

/// The same with rows in float32, a[r, k] at r * row_stride + k: they are rounded part by part, in the first-level
/// cache.
template <int Rows, int Columns>
[[gnu::always_inline]] inline void multiply_rounded(const float* a, int64_t row_stride, const float* panel,
                                                    int64_t depth, Vector (&sum)[Rows][Columns]) {
  constexpr int64_t row_pairs = pairs_of(rounded_depth);
  alignas(64) float left[Rows * row_pairs];
  for (int64_t first = 0; first < depth; first += rounded_depth, panel += row_pairs * Columns * Vector::width) {
    const int64_t count = std::min(rounded_depth, depth - first);
    for (int64_t r = 0; r < Rows; ++r) {
      for (int64_t k = 0; k < count; k += 2 * Vector::width)
        load_pairs(a + r * row_stride + first + k, count - k).store(left + r * row_pairs + k / 2);
    }
    multiply_pairs<row_pairs, 1>(left, panel, pairs_of(count), sum);
  }
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
