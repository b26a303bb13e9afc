#pragma once

// Turning a matrix, compiled once for each instruction set: see vector.h.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// to[k * to_stride + lane] = from[lane * from_stride + k] for k < depth and lane < lanes, zero for the lanes beyond
/// them.
[[gnu::always_inline]] inline void transpose(const float* from, int64_t from_stride, int64_t depth, int64_t lanes,
                                             float* to, int64_t to_stride) {
  constexpr int64_t width = Vector::width;
  for (int64_t first = 0; first < depth; first += width) {
    const int64_t count = std::min(width, depth - first);
    Vector rows[width];
    for (int64_t lane = 0; lane < width; ++lane) {
      const float* row = from + lane * from_stride + first;
      rows[lane] = lane >= lanes ? Vector::all(0.0F) : count == width ? Vector::load(row) : Vector::load(row, count);
    }
    transpose(rows);
    for (int64_t k = 0; k < count; ++k) rows[k].store(to + (first + k) * to_stride);
  }
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
