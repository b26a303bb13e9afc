#pragma once

// Vectors of AVX-512: included by vector.h alone.

#include <cstdint>
#include <immintrin.h>

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

struct Vector {
  static constexpr int64_t width = 16;
  static constexpr int registers = 32;
  __m512 lanes;

  static Vector all(float value) { return {_mm512_set1_ps(value)}; }
  static Vector load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Vector load(const float* from, int64_t count) { return {_mm512_maskz_loadu_ps(first(count), from)}; }
  void store(float* to) const { _mm512_storeu_ps(to, lanes); }
  void store(float* to, int64_t count) const { _mm512_mask_storeu_ps(to, first(count), lanes); }

 private:
  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1U << count) - 1U); }
};

inline Vector operator+(Vector a, Vector b) { return {_mm512_add_ps(a.lanes, b.lanes)}; }
inline Vector operator-(Vector a, Vector b) { return {_mm512_sub_ps(a.lanes, b.lanes)}; }
inline Vector operator*(Vector a, Vector b) { return {_mm512_mul_ps(a.lanes, b.lanes)}; }
inline Vector operator/(Vector a, Vector b) { return {_mm512_div_ps(a.lanes, b.lanes)}; }
inline Vector fma(Vector a, Vector b, Vector c) { return {_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)}; }
inline Vector min(Vector a, Vector b) { return {_mm512_min_ps(a.lanes, b.lanes)}; }
inline Vector max(Vector a, Vector b) { return {_mm512_max_ps(a.lanes, b.lanes)}; }
inline Vector abs(Vector a) { return {_mm512_abs_ps(a.lanes)}; }
inline Vector round(Vector a) { return {_mm512_roundscale_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vector power_of_two(Vector n) {
  const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n.lanes), _mm512_set1_epi32(127));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23))};
}
inline Vector where_less(Vector x, Vector y, Vector a, Vector b) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.lanes, y.lanes, _CMP_LT_OQ), b.lanes, a.lanes)};
}
inline uint32_t lanes_less(Vector x, Vector y) { return _mm512_cmp_ps_mask(x.lanes, y.lanes, _CMP_LT_OQ); }

/// Interleaves pairs of rows by single lanes, then by pairs of lanes, and then moves blocks of four lanes.
inline void transpose(Vector (&rows)[Vector::width]) {
  constexpr int64_t width = Vector::width;
  Vector mixed[width];
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
}

inline float total(Vector a) { return _mm512_reduce_add_ps(a.lanes); }
inline float largest(Vector a) { return _mm512_reduce_max_ps(a.lanes); }

inline Vector totals(Vector (&rows)[Vector::width]) {
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
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
