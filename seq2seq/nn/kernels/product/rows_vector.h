#pragma once

// The rows of a product, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// Calls work(product) for each panel of a product.
template <int64_t PanelColumns, class Work>
[[gnu::always_inline]] inline void for_panels(const Product& p, Work work) {
  Product part = p;
  for (int64_t left = p.columns; left > 0; left -= PanelColumns) {
    part.columns = left < PanelColumns ? left : PanelColumns;
    work(part);
    part.panel += p.panel_stride;
    if (part.start != nullptr) part.start += PanelColumns;
    part.out += PanelColumns;
  }
}

/// Prefetches the cache lines for the sums of a tile, from `row` on, while the tile before it is computed: neither
/// their initial values nor their results then wait for memory. After the last row of a panel follow the first rows of
/// the next one.
template <int Rows, int Vectors>
[[gnu::always_inline]] inline void prefetch_sums(const Product& p, int64_t row) {
  const bool next_panel = row >= p.rows;
  const int64_t first = next_panel ? 0 : row, count = p.rows - first < Rows ? p.rows - first : Rows;
  const float* out = p.out + first * p.out_stride + (next_panel ? Vectors * Vector::width : 0);
  for (int64_t r = 0; r < count; ++r, out += p.out_stride) {
    for (int v = 0; v < Vectors; ++v) __builtin_prefetch(out + v * Vector::width, /*rw=*/1);
  }
}

/// Loads and stores the vectors of a row of a whole panel.
struct WholeRow {
  Vector load(const float* from, int v) const { return Vector::load(from + v * Vector::width); }
  void store(Vector value, float* to, int v) const { value.store(to + v * Vector::width); }
};

/// The same for a last panel with fewer columns.
struct PartOfRow {
  int64_t columns;
  int64_t lanes(int v) const {
    const int64_t left = columns - v * Vector::width;
    return left < Vector::width ? left : Vector::width;
  }
  Vector load(const float* from, int v) const {
    return lanes(v) > 0 ? Vector::load(from + v * Vector::width, lanes(v)) : Vector::all(0.0F);
  }
  void store(Vector value, float* to, int v) const {
    if (lanes(v) > 0) value.store(to + v * Vector::width, lanes(v));
  }
};

/// multiply_rows() for whole or partial panels. They are separate functions, so that no case is decided inside the
/// loops: for a depth of 128 or less, that saves 3 to 6 % of the time.
template <int Rows, int Vectors, class Columns, class AddTile>
[[gnu::always_inline]] inline void multiply_rows_of(const Product& p, int64_t row, Columns columns, AddTile add_tile) {
  Vector sum[Rows][Vectors];
  const float* start = p.start != nullptr ? p.start + row * p.start_stride : nullptr;
  float* out = p.out + row * p.out_stride;
  const auto for_each = [&](auto work) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) work(r, v);
    }
  };
  if (start == nullptr || p.start_last) {
    for_each([&](int r, int v) { sum[r][v] = Vector::all(0.0F); });
  } else {
    for_each([&](int r, int v) { sum[r][v] = columns.load(start + r * p.start_stride, v); });
  }
  add_tile(row, sum);
  if (start != nullptr && p.start_last)
    for_each([&](int r, int v) { sum[r][v] = columns.load(start + r * p.start_stride, v) + sum[r][v]; });
  for_each([&](int r, int v) { columns.store(sum[r][v], out + r * p.out_stride, v); });
}

/// Computes `Rows` rows of a panel of `Vectors` vectors. `add_tile(row, sum)` adds the products of the rows from `row`
/// on to sum[Rows][Vectors].
template <int Rows, int Vectors, class AddTile>
[[gnu::always_inline]] inline void multiply_rows(const Product& p, int64_t row, AddTile add_tile) {
  if (p.columns >= Vectors * Vector::width) {
    multiply_rows_of<Rows, Vectors>(p, row, WholeRow(), add_tile);
  } else {
    multiply_rows_of<Rows, Vectors>(p, row, PartOfRow{p.columns}, add_tile);
  }
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
