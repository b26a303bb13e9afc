#pragma once

#include <cstdint>
#include <optional>

namespace seq2seq::nn::kernels {

// A layer's cells are divided among blocks, which all run at the same time and keep their part of the recurrent weights
// in shared memory. A group of blocks has all cells. Sentences are assigned to the groups in turn, so that the tails of
// sorted sentences shrink together. After each step the blocks of a group wait for each other.

inline constexpr int lanes = 32, warps = 8, recurrence_threads = lanes * warps;
inline constexpr int block_cells = 8;   // of a block
inline constexpr int chunk_terms = 32;  // terms of a sum whose factors lie in shared memory at a time
inline constexpr int sum_splits = 4;    // parts of a sum in the backward pass, each added up by its own threads

struct RecurrenceShape {
  int64_t groups = 1, blocks = 1;  // groups, and blocks of each
  int rows_per_lane = 1;           // 1, 2 or 4: a tile of rows has 32 times as many
  int64_t shared_bytes = 0;        // of a block
};

/// Properties of a GPU.
struct GpuLimits {
  int64_t multiprocessors = 0;
  int64_t shared_bytes = 0;  // that a block may ask for
};

/// Number of barrier counters, one per group, each on its own cache line.
inline constexpr int64_t counter_stride = 32;
constexpr int64_t counter_count(const RecurrenceShape& shape) { return counter_stride * shape.groups; }

/// The shape for H cells and S sentences; empty if the weights of a layer do not fit the GPU.
std::optional<RecurrenceShape> recurrence_shape(int64_t cells, int64_t sentences, const GpuLimits& limits);

/// Numbers of a block's shared memory: its weights, a tile of factors, and in the backward pass the parts of sums. The
/// padding row of a tile avoids bank conflicts.
constexpr int64_t panel_floats(int64_t cells) { return int64_t{4} * block_cells * cells; }
constexpr int64_t tile_stride(int rows_per_lane) { return int64_t{lanes} * rows_per_lane + 1; }
constexpr int64_t tile_floats(int rows_per_lane) { return chunk_terms * tile_stride(rows_per_lane); }
constexpr int64_t part_floats(int rows_per_lane) { return int64_t{sum_splits} * block_cells * lanes * rows_per_lane; }

}  // namespace seq2seq::nn::kernels
