#pragma once

// Panels of pairs of bf16, for processors with AVX512-BF16: see vector.h and pairs_vector.h.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/kernels/product/pairs_vector.h"
#include "seq2seq/nn/kernels/product/product.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

/// A panel's vectors a row. More than of float32: a row of the tile is rounded once for all of them.
constexpr int vectors = 4;
static_assert(panel_columns == vectors * Vector::width);

/// to[k / 2, c] = the pair of row(k) and row(k + 1), each a function of (vector, lanes there are).
template <class Row>
void pack_pair_rows(int64_t depth, int64_t count, float* to, Row row) {
  for (int64_t k = 0; k < depth; k += 2, to += panel_columns) {
    for (int v = 0; v < vectors; ++v) {
      const int64_t lanes = std::clamp<int64_t>(count - v * Vector::width, 0, Vector::width);
      const Vector first = row(k, v, lanes), second = k + 1 < depth ? row(k + 1, v, lanes) : Vector::all(0.0F);
      paired(first, second).store(to + v * Vector::width);
    }
  }
  clear_rest(depth, to - pairs_of(depth) * panel_columns);
}

/// The part of a row that a vector covers.
Vector part(const float* row, int v, int64_t lanes) {
  if (lanes == 0) return Vector::all(0.0F);
  const float* from = row + v * Vector::width;
  return lanes == Vector::width ? Vector::load(from) : Vector::load(from, lanes);
}

void pack_pairs(const float* from, int64_t stride, int64_t depth, int64_t count, float* to) {
  pack_pair_rows(depth, count, to, [&](int64_t k, int v, int64_t lanes) { return part(from + k * stride, v, lanes); });
}

void pack_pairs_transposed(const float* from, int64_t stride, int64_t depth, int64_t count, float* to) {
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = v * Vector::width;
    transpose_pairs(from + first * stride, stride, depth, count - first, to + first, panel_columns);
  }
  clear_rest(depth, to);
}

void pack_pairs_scaled(const float* from, int64_t stride, const float* scale, int64_t depth, int64_t count, float* to) {
  pack_pair_rows(depth, count, to, [&](int64_t k, int v, int64_t lanes) {
    return Vector::all(scale[k]) * part(from + k * stride, v, lanes);
  });
}

/// Returns kernels for these panels.
ProductKernels kernels_with(void (*multiply)(const Product& product)) {
  return {.columns = panel_columns,
          .pack = pack_pairs,
          .pack_transposed = pack_pairs_transposed,
          .pack_scaled = pack_pairs_scaled,
          .multiply = multiply};
}

}  // namespace
}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
