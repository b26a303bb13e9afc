#pragma once

// Sums across the lanes of vectors, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// 0, 1, 2, ... as numbers.
inline Vector lane_numbers() {
  static constexpr float numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return Vector::load(numbers);
}

#if defined(__AVX512F__)

inline float total(Vector a) { return _mm512_reduce_add_ps(a.lanes); }
inline float largest(Vector a) { return _mm512_reduce_max_ps(a.lanes); }

#else

inline float total(Vector a) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(a.lanes), _mm256_extractf128_ps(a.lanes, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

inline float largest(Vector a) {
  __m128 most = _mm_max_ps(_mm256_castps256_ps128(a.lanes), _mm256_extractf128_ps(a.lanes, 1));
  most = _mm_max_ps(most, _mm_movehl_ps(most, most));
  return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

#endif

/// Lane i: the sum of the lanes of rows[i]. Each is summed in the same order, whichever row it is.
inline Vector totals(Vector (&rows)[Vector::width]) {
#if defined(__AVX512F__)
  __m512 quarter[4];
  for (int i = 0; i < 4; ++i) {
    const __m512 a = rows[4 * i].lanes, b = rows[4 * i + 1].lanes, c = rows[4 * i + 2].lanes, d = rows[4 * i + 3].lanes;
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    quarter[i] = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
  }
  const auto join = [](__m512 x, __m512 y) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(x, y, 0x88), _mm512_shuffle_f32x4(x, y, 0xDD));
  };
  return {join(join(quarter[0], quarter[1]), join(quarter[2], quarter[3]))};
#else
  __m256 half[2];
  for (int i = 0; i < 2; ++i) {
    const __m256 a = rows[4 * i].lanes, b = rows[4 * i + 1].lanes, c = rows[4 * i + 2].lanes, d = rows[4 * i + 3].lanes;
    const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    half[i] = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xEE));
  }
  return {
      _mm256_add_ps(_mm256_permute2f128_ps(half[0], half[1], 0x20), _mm256_permute2f128_ps(half[0], half[1], 0x31))};
#endif
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
