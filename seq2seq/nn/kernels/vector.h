#pragma once

// Vectors of float32 as small value types, so that a kernel is written once and compiled for each instruction set.
// Included only by files that are compiled for one, each in a namespace of its own: no function of a wider set can end
// up in the rest of the program.

#include <cstdint>
#include <immintrin.h>

#if defined(__AMX_BF16__)
#define SEQ2SEQ_VECTOR_NAMESPACE amx
#elif defined(__AVX512BF16__)
#define SEQ2SEQ_VECTOR_NAMESPACE avx512_bf16
#elif defined(__AVX512F__)
#define SEQ2SEQ_VECTOR_NAMESPACE avx512
#else
#define SEQ2SEQ_VECTOR_NAMESPACE avx2
#endif

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

#if defined(__AVX512F__)

struct Vector {
  static constexpr int64_t width = 16;
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
/// 2^n for whole n in [-126, 127].
inline Vector power_of_two(Vector n) {
  const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n.lanes), _mm512_set1_epi32(127));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23))};
}
/// `a` where x < y, else `b`.
inline Vector where_less(Vector x, Vector y, Vector a, Vector b) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.lanes, y.lanes, _CMP_LT_OQ), b.lanes, a.lanes)};
}
/// Bit i: whether lane i of x is below that of y.
inline uint32_t lanes_less(Vector x, Vector y) { return _mm512_cmp_ps_mask(x.lanes, y.lanes, _CMP_LT_OQ); }

#else

struct Vector {
  static constexpr int64_t width = 8;
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

#endif

/// e^x. x is cut to [-87, 88], where the result is still a normal number; a NaN stays one. Range reduction x = n ln 2 +
/// r with ln 2 in two parts, then the Taylor polynomial of degree 7 on |r| <= ln(2)/2, whose remainder is below 6e-9.
inline Vector exp(Vector x) {
  // min and max return their second argument when one is a NaN.
  const Vector cut = min(Vector::all(88.0F), max(Vector::all(-87.0F), x));
  const Vector n = round(cut * Vector::all(1.44269504F));
  Vector r = fma(n, Vector::all(-0.693359375F), cut);
  r = fma(n, Vector::all(2.12194440e-4F), r);
  Vector p = Vector::all(1.0F / 5040);
  p = fma(p, r, Vector::all(1.0F / 720));
  p = fma(p, r, Vector::all(1.0F / 120));
  p = fma(p, r, Vector::all(1.0F / 24));
  p = fma(p, r, Vector::all(1.0F / 6));
  p = fma(p, r, Vector::all(0.5F));
  p = fma(p, r, Vector::all(1.0F));
  p = fma(p, r, Vector::all(1.0F));
  return p * power_of_two(n);
}

inline Vector sigmoid(Vector x) {
  const Vector one = Vector::all(1.0F);
  return one / (one + exp(Vector::all(0.0F) - x));
}

/// Near 0, where 1 - 2/(1 + e^2x) would lose its digits, the odd minimax polynomial of Moshier's Cephes library (tanhf)
/// takes over.
inline Vector tanh(Vector x) {
  const Vector one = Vector::all(1.0F);
  const Vector two = Vector::all(2.0F);
  const Vector far = one - two / (one + exp(x * two));
  const Vector square = x * x;
  Vector p = Vector::all(-5.70498872745e-3F);
  p = fma(p, square, Vector::all(2.06390887954e-2F));
  p = fma(p, square, Vector::all(-5.37397155531e-2F));
  p = fma(p, square, Vector::all(1.33314422036e-1F));
  p = fma(p, square, Vector::all(-3.33332819422e-1F));
  const Vector near = fma(p * square, x, x);
  return where_less(abs(x), Vector::all(0.625F), near, far);
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
