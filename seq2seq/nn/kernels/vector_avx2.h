#pragma once

// Vectors of AVX2: included by vector.h alone.

#include <cstdint>
#include <immintrin.h>

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

struct Vector {
  static constexpr int64_t width = 8;
  static constexpr int registers = 16;
  __m256 lanes;

  static Vector all(float value) { return {_mm256_set1_ps(value)}; }
  static Vector load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static Vector load(const float* from, int64_t count) { return {_mm256_maskload_ps(from, first(count))}; }
  void store(float* to) const { _mm256_storeu_ps(to, lanes); }
  void store(float* to, int64_t count) const { _mm256_maskstore_ps(to, first(count), lanes); }

 private:
  static __m256i first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

inline Vector operator+(Vector a, Vector b) { return {_mm256_add_ps(a.lanes, b.lanes)}; }
inline Vector operator-(Vector a, Vector b) { return {_mm256_sub_ps(a.lanes, b.lanes)}; }
inline Vector operator*(Vector a, Vector b) { return {_mm256_mul_ps(a.lanes, b.lanes)}; }
inline Vector operator/(Vector a, Vector b) { return {_mm256_div_ps(a.lanes, b.lanes)}; }
inline Vector fma(Vector a, Vector b, Vector c) { return {_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes)}; }
inline Vector min(Vector a, Vector b) { return {_mm256_min_ps(a.lanes, b.lanes)}; }
inline Vector max(Vector a, Vector b) { return {_mm256_max_ps(a.lanes, b.lanes)}; }
inline Vector abs(Vector a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.lanes)}; }
inline Vector round(Vector a) { return {_mm256_round_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vector power_of_two(Vector n) {
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n.lanes), _mm256_set1_epi32(127));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23))};
}
inline Vector where_less(Vector x, Vector y, Vector a, Vector b) {
  return {_mm256_blendv_ps(b.lanes, a.lanes, _mm256_cmp_ps(x.lanes, y.lanes, _CMP_LT_OQ))};
}
inline uint32_t lanes_less(Vector x, Vector y) {
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(x.lanes, y.lanes, _CMP_LT_OQ)));
}

/// Interleaves pairs of rows by single lanes, then by pairs of lanes, and then moves blocks of four lanes.
inline void transpose(Vector (&rows)[Vector::width]) {
  constexpr int64_t width = Vector::width;
  Vector mixed[width];
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
}

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

inline Vector totals(Vector (&rows)[Vector::width]) {
  __m256 half[2];
  for (int i = 0; i < 2; ++i) {
    const __m256 a = rows[4 * i].lanes, b = rows[4 * i + 1].lanes, c = rows[4 * i + 2].lanes, d = rows[4 * i + 3].lanes;
    const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    half[i] = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xEE));
  }
  return {
      _mm256_add_ps(_mm256_permute2f128_ps(half[0], half[1], 0x20), _mm256_permute2f128_ps(half[0], half[1], 0x31))};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
