#include "seq2seq/nn/kernels/recurrence/shape.h"

#include <algorithm>

namespace seq2seq::nn::kernels {

std::optional<RecurrenceShape> recurrence_shape(int64_t cells, int64_t sentences, const GpuLimits& limits) {
  const auto rounded_up = [](int64_t all, int64_t share) { return (all + share - 1) / share; };
  RecurrenceShape shape;
  shape.blocks = rounded_up(cells, block_cells);
  const int64_t fitting = limits.multiprocessors / std::max<int64_t>(1, shape.blocks);  // a block a multiprocessor
  if (cells < 1 || sentences < 1 || fitting < 1) return std::nullopt;
  shape.groups = std::min(fitting, rounded_up(sentences, lanes));
  const int64_t rows = rounded_up(sentences, shape.groups);
  while (shape.rows_per_lane < 4 && int64_t{lanes} * shape.rows_per_lane < rows) shape.rows_per_lane *= 2;
  const int64_t numbers = panel_floats(cells) + tile_floats(shape.rows_per_lane) + part_floats(shape.rows_per_lane);
  shape.shared_bytes = numbers * static_cast<int64_t>(sizeof(float));
  if (shape.shared_bytes > limits.shared_bytes) return std::nullopt;
  return shape;
}

}  // namespace seq2seq::nn::kernels
