// Products of bf16 operands by AMX.

#include <algorithm>

#include "seq2seq/nn/kernels/product/pair_panels_vector.h"
#include "seq2seq/nn/kernels/product/product_isa.h"
#include "seq2seq/nn/kernels/product/rows_vector.h"
#include "seq2seq/nn/kernels/product/tiles_amx.h"

namespace seq2seq::nn::kernels::amx {
namespace {

/// The columns of one panel.
void multiply_panel(const LeftTiles& left, const Product& p) {
  constexpr int64_t at_once = 2 * tile_side;
  for (int64_t column = 0; column < p.columns; column += at_once) {
    multiply(left, p.panel + column,
             {.start = p.start != nullptr ? p.start + column : nullptr,
              .start_stride = p.start_stride,
              .out = p.out + column,
              .out_stride = p.out_stride,
              .next_group = tile_side,
              .first = std::min(tile_side, p.columns - column),
              .second = std::clamp<int64_t>(p.columns - column - tile_side, 0, tile_side),
              .start_last = p.start_last});
  }
}

void multiply(const Product& p) {
  const WholeTiles tiles;
  LeftTiles left;
  for (int64_t row = 0; row < p.rows; row += LeftTiles::most_rows) {
    Product part = p;
    part.rows = std::min(LeftTiles::most_rows, p.rows - row);
    part.start = p.start != nullptr ? p.start + row * p.start_stride : nullptr;
    part.out = p.out + row * p.out_stride;
    int64_t first = 0;
    do {
      part.depth = std::min(LeftTiles::most_depth, p.depth - first);
      left.round(p.left + row * p.row_stride + first * p.depth_stride, p.row_stride, p.depth_stride, part.rows,
                 part.depth);
      part.panel = p.panel + first / 2 * panel_columns;
      for_panels<panel_columns>(part, [&](const Product& of_panel) { multiply_panel(left, of_panel); });
      part.start = part.out;  // the rest of the depth is added to it
      part.start_stride = part.out_stride;
      first += LeftTiles::most_depth;
    } while (first < p.depth);
  }
}

}  // namespace

ProductKernels product_kernels() { return kernels_with(multiply); }

}  // namespace seq2seq::nn::kernels::amx
