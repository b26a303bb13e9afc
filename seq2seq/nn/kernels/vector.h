#pragma once

// Vectors of float32 as small value types, so that a kernel is written once and compiled for each instruction set.
// Included only by files that are compiled for one, each in a namespace of its own: no function of a wider set can end
// up in the rest of the program.
//
// Each set has a header with `Vector`, its operators and these functions:
//   fma(a, b, c)              a b + c, rounded once
//   min(a, b), max(a, b)      the second argument where either is a NaN
//   round(a)                  to the nearest whole number, ties to even
//   power_of_two(n)           2^n for whole n in [-126, 127]
//   where_less(x, y, a, b)    `a` where x < y, else `b`
//   lanes_less(x, y)          bit i: whether lane i of x is below that of y
//   transpose(rows)           rows[i] lane j <-> rows[j] lane i
//   total(a), largest(a)      the sum and the largest number of all lanes
//   totals(rows)              lane i: the sum of the lanes of rows[i], in the same order for every row

#include <cstdint>

#if defined(__aarch64__)
#define SEQ2SEQ_VECTOR_NAMESPACE neon
#include "seq2seq/nn/kernels/vector_neon.h"
#elif defined(__AVX512F__)
#if defined(__AMX_BF16__)
#define SEQ2SEQ_VECTOR_NAMESPACE amx
#elif defined(__AVX512BF16__)
#define SEQ2SEQ_VECTOR_NAMESPACE avx512_bf16
#else
#define SEQ2SEQ_VECTOR_NAMESPACE avx512
#endif
#include "seq2seq/nn/kernels/vector_avx512.h"
#else
#define SEQ2SEQ_VECTOR_NAMESPACE avx2
#include "seq2seq/nn/kernels/vector_avx2.h"
#endif

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

/// Returns 0, 1, 2, ... as numbers.
inline Vector lane_numbers() {
  static constexpr float numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return Vector::load(numbers);
}

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
