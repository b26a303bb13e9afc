// Products of bf16 operands by AVX512-BF16.

#include <algorithm>

#include "seq2seq/nn/kernels/product/pair_panels_vector.h"
#include "seq2seq/nn/kernels/product/pairs_vector.h"
#include "seq2seq/nn/kernels/product/product_isa.h"
#include "seq2seq/nn/kernels/product/rows_vector.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"

namespace seq2seq::nn::kernels::avx512_bf16 {
namespace {

void multiply_by_rows(const Product& p) {
  for_tiles<tile_rows<vectors>>(p.rows, [&](auto rows, int64_t first) {
    for_panels<panel_columns>(p, [&](const Product& part) {
      multiply_rows<rows, vectors>(part, first, [&](int64_t row, auto& sum) {
        multiply_rounded(p.left + row * p.row_stride, p.row_stride, part.panel, p.depth, sum);
      });
    });
  });
}

/// A left operand that lies transposed is rounded in blocks: its rows are too far apart to be read tile by tile.
constexpr int64_t block_rows = 3 * Vector::width;
static_assert(block_rows % tile_rows<vectors> == 0);

/// to[k / 2, r] = the pair of from[r, k] and its neighbour, with from[r, k] at r + k * stride.
void round_block(const float* from, int64_t stride, int64_t rows, int64_t depth, float* to) {
  for (int64_t k = 0; k < depth; k += 2, to += block_rows) {
    for (int64_t row = 0; row < rows; row += Vector::width) {
      const auto load = [&](int64_t at) {
        const float* here = from + at * stride + row;
        return rows - row < Vector::width ? Vector::load(here, rows - row) : Vector::load(here);
      };
      paired(load(k), k + 1 < depth ? load(k + 1) : Vector::all(0.0F)).store(to + row);
    }
  }
}

void multiply_by_columns(const Product& p) {
  alignas(64) float block[pairs_of(rounded_depth) * block_rows];
  for (int64_t row = 0; row < p.rows; row += block_rows) {
    Product part = p;
    part.rows = std::min(block_rows, p.rows - row);
    part.start = p.start != nullptr ? p.start + row * p.start_stride : nullptr;
    part.out = p.out + row * p.out_stride;
    int64_t first = 0;
    do {
      part.depth = std::min(rounded_depth, p.depth - first);
      round_block(p.left + row + first * p.depth_stride, p.depth_stride, part.rows, part.depth, block);
      part.panel = p.panel + first / 2 * panel_columns;
      for_panels<panel_columns>(part, [&](const Product& of_panel) {
        for_tiles<tile_rows<vectors>>(part.rows, [&](auto rows, int64_t of_tile) {
          multiply_rows<rows, vectors>(of_panel, of_tile, [&](int64_t at, auto& sum) {
            multiply_pairs<1, block_rows>(block + at, of_panel.panel, pairs_of(part.depth), sum);
          });
        });
      });
      part.start = part.out;  // the rest of the depth is added to it
      part.start_stride = part.out_stride;
      first += rounded_depth;
    } while (first < p.depth);
  }
}

void multiply(const Product& p) { p.depth_stride == 1 ? multiply_by_rows(p) : multiply_by_columns(p); }

}  // namespace

ProductKernels product_kernels() { return kernels_with(multiply); }

}  // namespace seq2seq::nn::kernels::avx512_bf16
