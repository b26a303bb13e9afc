#pragma once

// Vectors of NEON, of 64-bit ARM processors: included by vector.h alone.

#include <algorithm>
#include <arm_neon.h>
#include <cstdint>

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

struct Vector {
  static constexpr int64_t width = 4;
  static constexpr int registers = 32;
  float32x4_t lanes;

  static Vector all(float value) { return {vdupq_n_f32(value)}; }
  static Vector load(const float* from) { return {vld1q_f32(from)}; }
  static Vector load(const float* from, int64_t count) {
    float part[width] = {};
    std::copy_n(from, count, part);
    return load(part);
  }
  void store(float* to) const { vst1q_f32(to, lanes); }
  void store(float* to, int64_t count) const {
    float part[width];
    store(part);
    std::copy_n(part, count, to);
  }
};

inline Vector operator+(Vector a, Vector b) { return {vaddq_f32(a.lanes, b.lanes)}; }
inline Vector operator-(Vector a, Vector b) { return {vsubq_f32(a.lanes, b.lanes)}; }
inline Vector operator*(Vector a, Vector b) { return {vmulq_f32(a.lanes, b.lanes)}; }
inline Vector operator/(Vector a, Vector b) { return {vdivq_f32(a.lanes, b.lanes)}; }
inline Vector fma(Vector a, Vector b, Vector c) { return {vfmaq_f32(c.lanes, a.lanes, b.lanes)}; }
inline Vector abs(Vector a) { return {vabsq_f32(a.lanes)}; }
inline Vector round(Vector a) { return {vrndnq_f32(a.lanes)}; }
inline Vector power_of_two(Vector n) {
  const int32x4_t exponent = vaddq_s32(vcvtnq_s32_f32(n.lanes), vdupq_n_s32(127));
  return {vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23))};
}
inline Vector where_less(Vector x, Vector y, Vector a, Vector b) {
  return {vbslq_f32(vcltq_f32(x.lanes, y.lanes), a.lanes, b.lanes)};
}
/// The second argument where either is a NaN, as in x86's instructions.
inline Vector min(Vector a, Vector b) { return where_less(a, b, a, b); }
inline Vector max(Vector a, Vector b) { return where_less(b, a, a, b); }
inline uint32_t lanes_less(Vector x, Vector y) {
  static constexpr uint32_t bits[] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(vcltq_f32(x.lanes, y.lanes), vld1q_u32(bits)));
}

inline void transpose(Vector (&rows)[Vector::width]) {
  const float32x4_t even01 = vtrn1q_f32(rows[0].lanes, rows[1].lanes), odd01 = vtrn2q_f32(rows[0].lanes, rows[1].lanes);
  const float32x4_t even23 = vtrn1q_f32(rows[2].lanes, rows[3].lanes), odd23 = vtrn2q_f32(rows[2].lanes, rows[3].lanes);
  rows[0].lanes = vcombine_f32(vget_low_f32(even01), vget_low_f32(even23));
  rows[1].lanes = vcombine_f32(vget_low_f32(odd01), vget_low_f32(odd23));
  rows[2].lanes = vcombine_f32(vget_high_f32(even01), vget_high_f32(even23));
  rows[3].lanes = vcombine_f32(vget_high_f32(odd01), vget_high_f32(odd23));
}

inline float total(Vector a) { return vaddvq_f32(a.lanes); }
inline float largest(Vector a) { return vmaxvq_f32(a.lanes); }

inline Vector totals(Vector (&rows)[Vector::width]) {
  return {vpaddq_f32(vpaddq_f32(rows[0].lanes, rows[1].lanes), vpaddq_f32(rows[2].lanes, rows[3].lanes))};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
