#pragma once

// Products by the tile registers of AMX, for processors with AMX-BF16: see vector.h. A register holds 16 rows of 64
// bytes: 16 sums in float32, or 16 pairs of numbers in bf16. One instruction adds the products of 16 rows of the left
// operand with 16 columns of a panel over 32 numbers of the depth.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/kernels/product/pairs_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

static_assert(tile_pairs == 16);
constexpr int64_t tile_side = 16, tile_depth = 2 * tile_side, tile_size = tile_side * tile_side;

/// The sizes of the registers, as the processor reads them.
struct alignas(64) TileSizes {
  uint8_t palette = 0, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileSizes) == 64);

/// Gives all registers of this thread their full size. Its destructor restores the former sizes, because other
/// libraries keep theirs between calls.
class WholeTiles {
 public:
  WholeTiles() {
    asm volatile("sttilecfg %0" : "=m"(former_));
    asm volatile("ldtilecfg %0" : : "m"(whole));
  }
  ~WholeTiles() { asm volatile("ldtilecfg %0" : : "m"(former_)); }
  WholeTiles(const WholeTiles&) = delete;
  WholeTiles& operator=(const WholeTiles&) = delete;

 private:
  static constexpr TileSizes whole{
      .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
  TileSizes former_;
};

template <int Tile>
[[gnu::always_inline]] inline void zero_tile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
}

/// Loads 16 rows from memory, `stride` floats apart.
template <int Tile>
[[gnu::always_inline]] inline void load_tile(const float* from, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride * 4), "i"(Tile) : "memory");
}

template <int Tile>
[[gnu::always_inline]] inline void store_tile(float* to, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride * 4), "i"(Tile) : "memory");
}

/// Sum += Left Right.
template <int Sum, int Left, int Right>
[[gnu::always_inline]] inline void add_tile_products() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Left), "i"(Right));
}

/// Up to 32 rows of a left operand, rounded to bf16 for some of its depth: two registers for each step of 32 numbers,
/// zeros beyond the rows and the depth.
class LeftTiles {
 public:
  /// Numbers of the depth that are rounded at once: they fill two thirds of a first-level cache.
  static constexpr int64_t most_depth = 512;
  static constexpr int64_t most_rows = 2 * tile_side;

  /// Rounds from[r, k] at r * row_stride + k * depth_stride, of which one is 1.
  void round(const float* from, int64_t row_stride, int64_t depth_stride, int64_t rows, int64_t depth) {
    rows_ = rows;
    depth_ = depth;
    depth_stride == 1 ? round_rows(from, row_stride) : round_columns(from, depth_stride);
  }

  int64_t rows() const { return rows_; }
  int64_t depth() const { return depth_; }
  int64_t steps() const { return (depth_ + tile_depth - 1) / tile_depth; }
  /// Returns the two registers of a step of 32 numbers, one after the other.
  const float* step(int64_t index) const { return tiles_ + index * step_size; }

 private:
  static constexpr int64_t step_size = 2 * tile_size;

  float* row_at(int64_t step, int64_t row) { return tiles_ + step * step_size + row * tile_side; }
  /// Rows of the registers in use.
  int64_t padded_rows() const { return (rows_ + tile_side - 1) / tile_side * tile_side; }

  void round_rows(const float* from, int64_t stride) {
    for (int64_t row = 0; row < padded_rows(); ++row, from += stride) {
      for (int64_t step = 0; step < steps(); ++step) {
        const int64_t k = step * tile_depth;
        (row < rows_ ? load_pairs(from + k, depth_ - k) : Vector::all(0.0F)).store(row_at(step, row));
      }
    }
  }

  /// Rounds all rows of a step before the next step, because neighbouring rows share the pages that are read.
  void round_columns(const float* from, int64_t stride) {
    const auto column = [&](int64_t k, int64_t row) {
      if (k >= depth_) return Vector::all(0.0F);
      const float* here = from + k * stride + row;
      return rows_ - row < tile_side ? Vector::load(here, rows_ - row) : Vector::load(here);
    };
    for (int64_t step = 0; step < steps(); ++step) {
      for (int64_t row = 0; row < rows_; row += tile_side) {
        Vector pairs[tile_side];
        for (int64_t pair = 0; pair < tile_side; ++pair) {
          const int64_t k = step * tile_depth + 2 * pair;
          pairs[pair] = paired(column(k, row), column(k + 1, row));
        }
        transpose(pairs);
        for (int64_t r = 0; r < tile_side; ++r) pairs[r].store(row_at(step, row + r));
      }
    }
  }

  int64_t rows_ = 0, depth_ = 0;
  alignas(64) float tiles_[most_depth / tile_depth * step_size];
};

/// Sums of up to 32 rows in two groups of up to 16 columns.
struct TileSums {
  const float* start;  // null: zeros
  int64_t start_stride;
  float* out;
  int64_t out_stride;
  int64_t next_group;                             // from the first group to the second, in `start` and `out`
  int64_t first = tile_side, second = tile_side;  // columns of each group
  bool start_last = false;

  bool whole(int64_t rows) const { return rows % tile_side == 0 && first == tile_side && second == tile_side; }
};

/// Adds the products of rows with 32 columns of a panel in pairs to registers 0 to 3, two for each 16 rows.
template <bool BothRows>
[[gnu::always_inline]] inline void multiply_step(const float* left, const float* panel, int64_t panel_stride) {
  load_tile<4>(left, tile_side);
  load_tile<6>(panel, panel_stride);
  add_tile_products<0, 4, 6>();
  load_tile<7>(panel + tile_side, panel_stride);
  add_tile_products<1, 4, 7>();
  if constexpr (BothRows) {
    load_tile<5>(left + tile_size, tile_side);
    add_tile_products<2, 5, 6>();
    add_tile_products<3, 5, 7>();
  }
}

/// Adds the products of all steps.
template <bool BothRows>
void multiply_steps(const LeftTiles& left, const float* panel) {
  if (left.depth() >= tile_pairs) {
    for (int64_t step = 0; step < left.steps(); ++step, panel += tile_pairs * panel_columns)
      multiply_step<BothRows>(left.step(step), panel, panel_columns);
  } else if (left.depth() > 0) {  // the panel has no room for a whole register: see clear_rest
    alignas(64) float padded[tile_pairs * tile_depth] = {};
    for (int64_t pair = 0; pair < pairs_of(left.depth()); ++pair)
      std::copy_n(panel + pair * panel_columns, tile_depth, padded + pair * tile_depth);
    multiply_step<BothRows>(left.step(0), padded, tile_depth);
  }
}

/// multiply() for whole registers: loads the sums from `start` and stores them to `out` directly.
template <bool BothRows>
void multiply_whole(const LeftTiles& left, const float* panel, const TileSums& sums) {
  const auto each = [&](auto work) {
    work.template operator()<0>(0, 0);
    work.template operator()<1>(0, sums.next_group);
    if constexpr (BothRows) {
      work.template operator()<2>(tile_side, 0);
      work.template operator()<3>(tile_side, sums.next_group);
    }
  };
  each([&]<int Tile>(int64_t row, int64_t column) {
    if (sums.start == nullptr) return zero_tile<Tile>();
    load_tile<Tile>(sums.start + row * sums.start_stride + column, sums.start_stride);
  });
  multiply_steps<BothRows>(left, panel);
  each([&]<int Tile>(int64_t row, int64_t column) {
    store_tile<Tile>(sums.out + row * sums.out_stride + column, sums.out_stride);
  });
}

/// Calls work(row, column in `start` and `out`, column in a square of 32 sums a row, lanes) for each vector of the
/// sums.
template <class Work>
void for_vectors_of(const TileSums& sums, int64_t rows, Work work) {
  for (int64_t row = 0; row < rows; ++row) {
    if (sums.first > 0) work(row, int64_t{0}, int64_t{0}, sums.first);
    if (sums.second > 0) work(row, sums.next_group, tile_side, sums.second);
  }
}

/// out = start + left panel. With `start_last`, adds the start to the finished sums. `panel`: the first of 32 columns
/// of a panel in pairs.
void multiply(const LeftTiles& left, const float* panel, const TileSums& sums) {
  const bool both_rows = left.rows() > tile_side;
  const auto run = [&](const TileSums& of) {
    both_rows ? multiply_whole<true>(left, panel, of) : multiply_whole<false>(left, panel, of);
  };
  const bool adds_last = sums.start_last && sums.start != nullptr;
  if (!adds_last && sums.whole(left.rows())) return run(sums);
  constexpr int64_t side = 2 * tile_side;
  alignas(64) float square[side * side];
  const auto start = [&](int64_t row, int64_t column, int64_t lanes) {
    return Vector::load(sums.start + row * sums.start_stride + column, lanes);
  };
  TileSums local{.start = nullptr, .start_stride = side, .out = square, .out_stride = side, .next_group = tile_side};
  if (sums.start != nullptr && !adds_last) {
    for_vectors_of(sums, left.rows(), [&](int64_t row, int64_t column, int64_t at, int64_t lanes) {
      start(row, column, lanes).store(square + row * side + at);
    });
    local.start = square;
  }
  run(local);
  for_vectors_of(sums, left.rows(), [&](int64_t row, int64_t column, int64_t at, int64_t lanes) {
    const Vector sum = Vector::load(square + row * side + at);
    (adds_last ? start(row, column, lanes) + sum : sum).store(sums.out + row * sums.out_stride + column, lanes);
  });
}

}  // namespace
}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
