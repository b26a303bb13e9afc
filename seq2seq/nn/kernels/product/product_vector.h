#pragma once

// The vectorised product, compiled once for each instruction set: see vector.h.

#include <algorithm>
#include <iterator>

#include "seq2seq/nn/kernels/product/product_isa.h"
#include "seq2seq/nn/kernels/product/rows_vector.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"
#include "seq2seq/nn/kernels/product/transpose_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

/// A panel's vectors a row: with two, a row of the tile is read once for two products.
constexpr int vectors = 2;
constexpr int64_t panel_columns = vectors * Vector::width;

void pack(const float* from, int64_t stride, int64_t depth, int64_t count, float* to) {
  for (int64_t k = 0; k < depth; ++k, from += stride, to += panel_columns) {
    if (count < panel_columns) {
      std::fill(std::copy_n(from, count, to), to + panel_columns, 0.0F);
      continue;
    }
    for (int v = 0; v < vectors; ++v) Vector::load(from + v * Vector::width).store(to + v * Vector::width);
  }
}

void pack_transposed(const float* from, int64_t stride, int64_t depth, int64_t count, float* to) {
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = v * Vector::width;
    transpose(from + first * stride, stride, depth, count - first, to + first, panel_columns);
  }
}

void pack_scaled(const float* from, int64_t stride, const float* scale, int64_t depth, int64_t count, float* to) {
  for (int64_t k = 0; k < depth; ++k, from += stride, to += panel_columns) {
    const Vector factor = Vector::all(scale[k]);
    for (int v = 0; v < vectors; ++v) {
      const int64_t lanes = count - v * Vector::width;
      const float* part = from + v * Vector::width;
      const Vector values = lanes >= Vector::width ? Vector::load(part)
                            : lanes > 0            ? Vector::load(part, lanes)
                                                   : Vector::all(0.0F);
      (factor * values).store(to + v * Vector::width);
    }
  }
}

void multiply(const Product& p) {
  for_tiles<tile_rows<vectors>>(p.rows, [&](auto rows, int64_t first) {
    multiply_rows<rows, vectors>(p, first, [&](int64_t row, auto& sum) {
      multiply_tile(p.left + row * p.row_stride, p.row_stride, p.depth_stride, p.panel, p.depth, sum);
    });
  });
}

}  // namespace

ProductKernels product_kernels() {
  return {.columns = panel_columns,
          .pack = pack,
          .pack_transposed = pack_transposed,
          .pack_scaled = pack_scaled,
          .multiply = multiply};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
