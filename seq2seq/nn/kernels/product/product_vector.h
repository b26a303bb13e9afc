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

/// Rows of a left operand that are laid out at once, and most numbers of their depth.
constexpr int64_t laid_out_rows = 48, laid_out_depth = 256;
static_assert(laid_out_rows % tile_rows<vectors> == 0);

/// Tiles [depth, rows of a tile], one behind the other, of a matrix that lies transposed.
void lay_out(const float* from, int64_t stride, int64_t rows, int64_t depth, float* to) {
  constexpr int64_t of_tile = tile_rows<vectors>;
  for (int64_t k = 0; k < depth; ++k, from += stride, to += of_tile) {
    for (int64_t row = 0; row < rows; row += of_tile) {
      const int64_t count = std::min(of_tile, rows - row);
      Vector::load(from + row, count).store(to + row * depth, count);
    }
  }
}

/// The product with a left operand that lies transposed, so that each number of a row lies in another page: it is laid
/// out once for all panels.
void multiply_laid_out(const Product& p) {
  constexpr int64_t of_tile = tile_rows<vectors>;
  alignas(64) float tiles[laid_out_rows * laid_out_depth];
  for (int64_t row = 0; row < p.rows; row += laid_out_rows) {
    Product part = p;
    part.rows = std::min(laid_out_rows, p.rows - row);
    part.start = p.start != nullptr ? p.start + row * p.start_stride : nullptr;
    part.out = p.out + row * p.out_stride;
    lay_out(p.left + row, p.depth_stride, part.rows, p.depth, tiles);
    for_panels<panel_columns>(part, [&](const Product& of_panel) {
      for_tiles<of_tile>(part.rows, [&](auto rows, int64_t first) {
        prefetch_sums<of_tile, vectors>(of_panel, first + rows);
        multiply_rows<rows, vectors>(of_panel, first, [&](int64_t at, auto& sum) {
          multiply_tile(tiles + at * p.depth, 1, of_tile, of_panel.panel, p.depth, sum);
        });
      });
    });
  }
}

void multiply(const Product& p) {
  if (p.row_stride == 1 && p.depth <= laid_out_depth && p.columns > panel_columns) return multiply_laid_out(p);
  for_panels<panel_columns>(p, [&](const Product& part) {  // a panel stays in the first-level cache
    const bool rows_are_cold =
        part.panel == p.panel && p.depth_stride == 1;  // the first panel brings them into the cache
    for_tiles<tile_rows<vectors>>(p.rows, [&](auto rows, int64_t first) {
      prefetch_sums<tile_rows<vectors>, vectors>(part, first + rows);
      multiply_rows<rows, vectors>(part, first, [&](int64_t row, auto& sum) {
        const float* left = p.left + row * p.row_stride;
        if (rows_are_cold && first + 2 * rows <= p.rows) {
          multiply_and_prefetch(left, p.row_stride, part.panel, p.depth, sum);
        } else {
          multiply_tile(left, p.row_stride, p.depth_stride, part.panel, p.depth, sum);
        }
      });
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
