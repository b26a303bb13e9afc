#pragma once

// The rows of a product, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// Lanes of the row that vector `v` of the panel covers; 0 and below: none.
inline int64_t lanes(const Product& p, int v) { return p.columns - v * Vector::width; }

/// The initial values of a row's sums.
[[gnu::always_inline]] inline Vector start_of(const Product& p, int64_t row, int v) {
  if (p.start == nullptr || lanes(p, v) <= 0) return Vector::all(0.0F);  // no arithmetic on a null pointer
  const float* start = p.start + row * p.start_stride + v * Vector::width;
  return lanes(p, v) < Vector::width ? Vector::load(start, lanes(p, v)) : Vector::load(start);
}

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

/// Computes `Rows` rows of a panel of `Vectors` vectors. `add_tile(row, sum)` adds the products of the rows from `row`
/// on to sum[Rows][Vectors].
template <int Rows, int Vectors, class AddTile>
[[gnu::always_inline]] inline void multiply_rows(const Product& p, int64_t row, AddTile add_tile) {
  Vector sum[Rows][Vectors];
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < Vectors; ++v) sum[r][v] = p.start_last ? Vector::all(0.0F) : start_of(p, row + r, v);
  }
  add_tile(row, sum);
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < Vectors; ++v) {
      if (p.start_last) sum[r][v] = start_of(p, row + r, v) + sum[r][v];
      float* out = p.out + (row + r) * p.out_stride + v * Vector::width;
      if (lanes(p, v) >= Vector::width) {
        sum[r][v].store(out);
      } else if (lanes(p, v) > 0) {
        sum[r][v].store(out, lanes(p, v));
      }
    }
  }
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
