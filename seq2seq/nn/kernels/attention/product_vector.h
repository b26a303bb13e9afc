#pragma once

// The vectorised products, compiled once for each instruction set: see vector.h.

#include <algorithm>

#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"
#include "seq2seq/nn/kernels/product/transpose_vector.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

/// A tile of dot products, as many as a vector has lanes; rows and columns beyond the last are the last again.
template <int Rows, int Columns>
void dots_tile(const RowDots& p, int64_t row, int64_t column) {
  static_assert(Rows * Columns == Vector::width);
  const float *left[Rows], *right[Columns];
  for (int r = 0; r < Rows; ++r) left[r] = p.left + std::min(row + r, p.rows - 1) * p.left_stride;
  for (int c = 0; c < Columns; ++c) right[c] = p.right + std::min(column + c, p.columns - 1) * p.right_stride;
  Vector sum[Vector::width];
  for (auto& one : sum) one = Vector::all(0.0F);
  const auto add = [&](auto load) {
    Vector a[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) a[r] = load(left[r]);
#pragma GCC unroll 16
    for (int c = 0; c < Columns; ++c) {
      const Vector b = load(right[c]);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) sum[r * Columns + c] = fma(a[r], b, sum[r * Columns + c]);
    }
  };
  int64_t k = 0;
  for (; k + Vector::width <= p.depth; k += Vector::width)
    add([k](const float* from) { return Vector::load(from + k); });
  if (const int64_t rest = p.depth - k; rest > 0)
    add([k, rest](const float* from) { return Vector::load(from + k, rest); });
  float done[Vector::width];
  (totals(sum) * Vector::all(p.scale)).store(done);
  const int64_t rows = std::min<int64_t>(Rows, p.rows - row), columns = std::min<int64_t>(Columns, p.columns - column);
  for (int64_t r = 0; r < rows; ++r) {
    float* out = p.out + (row + r) * p.out_stride + column;
    for (int64_t c = 0; c < columns; ++c) out[c] = done[r * Columns + c];
  }
}

template <int Rows, int Columns>
void dots_of_rows(const RowDots& p, int64_t row) {
  for (int64_t column = 0; column < p.columns; column += Columns) dots_tile<Rows, Columns>(p, row, column);
}

void dots(const RowDots& p) {
  constexpr int many = Vector::width / 4;
  constexpr int64_t worth_a_tile = many - (many > 2 ? 1 : 0);
  int64_t row = 0;
  for (; p.rows - row >= worth_a_tile; row += many) dots_of_rows<many, 4>(p, row);
  for (; row < p.rows; ++row) dots_of_rows<1, Vector::width>(p, row);
}

/// Moves whole vectors, or the first `count` lanes at the end of a row.
struct WholeVector {
  Vector load(const float* from) const { return Vector::load(from); }
  void store(float* to, Vector value) const { value.store(to); }
};
struct PartOfVector {
  int64_t count;
  Vector load(const float* from) const { return Vector::load(from, count); }
  void store(float* to, Vector value) const { value.store(to, count); }
};

template <int Rows, int Columns, class Move>
[[gnu::always_inline]] inline void product_tile(const RowProduct& p, int64_t row, int64_t column, Move move) {
  constexpr int64_t width = Vector::width;
  Vector sum[Rows][Columns];
  float* out = p.out + row * p.out_stride + column;
  for (int r = 0; r < Rows; ++r) {
    for (int c = 0; c < Columns; ++c)
      sum[r][c] = p.add ? move.load(out + r * p.out_stride + c * width) : Vector::all(0.0F);
  }
  const float* left = p.left + row * p.row_stride;
  const float* right = p.right + column;
  for (int64_t k = 0; k < p.depth; ++k, left += p.depth_stride, right += p.right_stride) {
    Vector b[Columns];
#pragma GCC unroll 8
    for (int c = 0; c < Columns; ++c) b[c] = move.load(right + c * width);
#pragma GCC unroll 24
    for (int r = 0; r < Rows; ++r) {
      const Vector a = Vector::all(left[r * p.row_stride]);
#pragma GCC unroll 8
      for (int c = 0; c < Columns; ++c) sum[r][c] = fma(a, b[c], sum[r][c]);
    }
  }
  for (int r = 0; r < Rows; ++r) {
    for (int c = 0; c < Columns; ++c) move.store(out + r * p.out_stride + c * width, sum[r][c]);
  }
}

template <int Columns, class Move>
void product_columns(const RowProduct& p, int64_t column, Move move) {
  for_tiles<tile_rows<Columns>>(p.rows,
                                [&](auto rows, int64_t row) { product_tile<rows, Columns>(p, row, column, move); });
}

void multiply_rows(const RowProduct& p) {
  constexpr int64_t width = Vector::width;
  constexpr int wide = width == 16 ? 8 : 4;  // of few rows: enough sums at a time to hide the latency of one
  int64_t column = 0;
  if (p.rows <= tile_rows<wide>) {
    for (; column + wide * width <= p.columns; column += wide * width) product_columns<wide>(p, column, WholeVector{});
  }
  for (; column + 2 * width <= p.columns; column += 2 * width) product_columns<2>(p, column, WholeVector{});
  if (column + width <= p.columns) {
    product_columns<1>(p, column, WholeVector{});
    column += width;
  }
  if (column < p.columns) product_columns<1>(p, column, PartOfVector{p.columns - column});
}

void pack_columns(const float* rows, int64_t stride, int64_t depth, int64_t count, float scale, float* to,
                  int64_t lanes) {
  constexpr int64_t width = Vector::width;
  const Vector factor = Vector::all(scale), zero = Vector::all(0.0F);
  for (int64_t lane = 0; lane < lanes; lane += width) {
    for (int64_t first = 0; first < depth; first += width) {
      const int64_t columns = std::min(width, depth - first);
      Vector turned[width];
      for (int64_t i = 0; i < width; ++i) {
        const float* from = rows + (lane + i) * stride + first;
        turned[i] = lane + i >= count  ? zero
                    : columns == width ? factor * Vector::load(from)
                                       : factor * Vector::load(from, columns);
      }
      transpose(turned);
      for (int64_t k = 0; k < columns; ++k) turned[k].store(to + (first + k) * lanes + lane);
    }
  }
}

}  // namespace
}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
