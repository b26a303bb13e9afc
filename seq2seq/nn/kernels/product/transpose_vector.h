#pragma once

// Turning a matrix, compiled once for each instruction set: see vector.h.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// rows[i] lane j <-> rows[j] lane i. Pairs of rows are interleaved by single lanes, then by pairs of lanes; what is
/// left to turn then are blocks of four lanes.
inline void transpose(Vector (&rows)[Vector::width]) {
  constexpr int64_t width = Vector::width;
  Vector mixed[width];
#if defined(__AVX512F__)
  for (int64_t i = 0; i < width; i += 4) {
    const __m512 low0 = _mm512_unpacklo_ps(rows[i].lanes, rows[i + 1].lanes);
    const __m512 high0 = _mm512_unpackhi_ps(rows[i].lanes, rows[i + 1].lanes);
    const __m512 low1 = _mm512_unpacklo_ps(rows[i + 2].lanes, rows[i + 3].lanes);
    const __m512 high1 = _mm512_unpackhi_ps(rows[i + 2].lanes, rows[i + 3].lanes);
    mixed[i].lanes = _mm512_shuffle_ps(low0, low1, 0x44);
    mixed[i + 1].lanes = _mm512_shuffle_ps(low0, low1, 0xEE);
    mixed[i + 2].lanes = _mm512_shuffle_ps(high0, high1, 0x44);
    mixed[i + 3].lanes = _mm512_shuffle_ps(high0, high1, 0xEE);
  }
  for (int64_t i = 0; i < 4; ++i) {
    const __m512 even01 = _mm512_shuffle_f32x4(mixed[i].lanes, mixed[i + 4].lanes, 0x88);
    const __m512 odd01 = _mm512_shuffle_f32x4(mixed[i].lanes, mixed[i + 4].lanes, 0xDD);
    const __m512 even23 = _mm512_shuffle_f32x4(mixed[i + 8].lanes, mixed[i + 12].lanes, 0x88);
    const __m512 odd23 = _mm512_shuffle_f32x4(mixed[i + 8].lanes, mixed[i + 12].lanes, 0xDD);
    rows[i].lanes = _mm512_shuffle_f32x4(even01, even23, 0x88);
    rows[i + 4].lanes = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
    rows[i + 8].lanes = _mm512_shuffle_f32x4(even01, even23, 0xDD);
    rows[i + 12].lanes = _mm512_shuffle_f32x4(odd01, odd23, 0xDD);
  }
#else
  for (int64_t i = 0; i < width; i += 4) {
    const __m256 low0 = _mm256_unpacklo_ps(rows[i].lanes, rows[i + 1].lanes);
    const __m256 high0 = _mm256_unpackhi_ps(rows[i].lanes, rows[i + 1].lanes);
    const __m256 low1 = _mm256_unpacklo_ps(rows[i + 2].lanes, rows[i + 3].lanes);
    const __m256 high1 = _mm256_unpackhi_ps(rows[i + 2].lanes, rows[i + 3].lanes);
    mixed[i].lanes = _mm256_shuffle_ps(low0, low1, 0x44);
    mixed[i + 1].lanes = _mm256_shuffle_ps(low0, low1, 0xEE);
    mixed[i + 2].lanes = _mm256_shuffle_ps(high0, high1, 0x44);
    mixed[i + 3].lanes = _mm256_shuffle_ps(high0, high1, 0xEE);
  }
  for (int64_t i = 0; i < 4; ++i) {
    rows[i].lanes = _mm256_permute2f128_ps(mixed[i].lanes, mixed[i + 4].lanes, 0x20);
    rows[i + 4].lanes = _mm256_permute2f128_ps(mixed[i].lanes, mixed[i + 4].lanes, 0x31);
  }
#endif
}

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
