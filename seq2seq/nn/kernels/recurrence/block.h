#pragma once

// The work of a block of threads in one step of an LSTM's recurrence. The same source runs on a GPU, where the threads
// are a block's, and on the CPU, where they are a loop's: a team's each() calls a function for every thread and returns
// when all have run, so that what lies between two calls is where threads wait for each other.

#include <cstdint>

#include "seq2seq/nn/kernels/recurrence/shape.h"

namespace seq2seq::nn::kernels {

/// Sums of a thread while a tile of rows is computed: four of each row.
template <int RowsALane>
struct Sums {
  float of[4][RowsALane];
};

/// Memory that the threads of a block share.
struct BlockMemory {
  float* panel;  // panel_floats(): the block's weights
  float* tile;   // tile_floats(): factors [term][row] of some terms of the sums
  float* parts;  // part_floats(): in the backward pass, the parts of sums [split][cell][row]
};

/// Place of a block: its group, which has every groups-th sentence, and its cells, `block_cells` from the first on.
struct BlockPlace {
  int64_t group, groups;
  int64_t first_cell;

  /// Sentences of the group among the first `sentences`.
  constexpr int64_t own(int64_t sentences) const {
    return sentences > group ? (sentences - group + groups - 1) / groups : 0;
  }
  /// The i-th sentence of the group.
  constexpr int64_t sentence(int64_t i) const { return group + groups * i; }
};

/// Some rows [.., width] of which the group's i-th sentence has row `first + sentence(i)`, for i below `count`.
struct FactorRows {
  const float* rows;
  int64_t first, count, width;
};

constexpr int lane_of(int thread) { return thread % lanes; }
constexpr int warp_of(int thread) { return thread / lanes; }

/// A thread's share of copying the terms [first_term, first_term + chunk_terms) of a tile of sentences from
/// `first_sentence` on; what does not exist is 0. `load` reads what other blocks wrote.
template <int RowsALane, class Load>
constexpr void stage(const FactorRows& factors, const BlockPlace& place, int64_t first_sentence, int64_t first_term,
                     float* tile, int thread, const Load& load) {
  for (int i = thread; i < chunk_terms * lanes * RowsALane; i += recurrence_threads) {
    const int term = i % chunk_terms, row = i / chunk_terms;
    const int64_t sentence = first_sentence + row, at = first_term + term;
    const bool exists = sentence < factors.count && at < factors.width;
    tile[term * tile_stride(RowsALane) + row] =
        exists ? load(factors.rows + (factors.first + place.sentence(sentence)) * factors.width + at) : 0;
  }
}

/// Adds `terms` terms to a thread's sums. `weights`: four a term, `stride` numbers apart.
template <int RowsALane>
constexpr void add_products(const float* weights, int64_t stride, const float* tile, int64_t terms, int lane,
                            Sums<RowsALane>& sums) {
  for (int64_t term = 0; term < terms; ++term) {
    for (int r = 0; r < RowsALane; ++r) {
      const float factor = tile[term * tile_stride(RowsALane) + lane + lanes * r];
      for (int n = 0; n < 4; ++n) sums.of[n][r] += weights[term * stride + n] * factor;
    }
  }
}

template <int RowsALane>
constexpr void clear(Sums<RowsALane>& sums) {
  for (auto& row : sums.of)
    for (float& sum : row) sum = 0;
}

template <class Math>
constexpr float sigmoid(float x, const Math& math) {
  return 1 / (1 + math.exp(-x));
}

}  // namespace seq2seq::nn::kernels
