#pragma once

// The kernels of the search, compiled once for each instruction set: see vector.h.

#include <bit>
#include <cmath>

#include "seq2seq/nn/kernels/ranking/ranking_isa.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

/// Calls work(part, vector of z) for all vectors, the parts 0 and 1 in turn, so that one need not wait for another.
template <class Work>
[[gnu::always_inline]] inline void in_turn(const float* z, int64_t count, Work work) {
  int64_t i = 0;
  for (; i + 2 * Vector::width <= count; i += 2 * Vector::width) {
    work(0, Vector::load(z + i));
    work(1, Vector::load(z + i + Vector::width));
  }
  if (i < count) work(0, Vector::load(z + i));
}

ExponentialSum sum(const float* z, int64_t count) {
  const Vector none = Vector::all(-INFINITY);
  Vector most[2] = {none, none};
  // max returns its second argument when one is a NaN: the sum shows it.
  in_turn(z, count, [&](int part, Vector values) { most[part] = max(values, most[part]); });
  const float found = largest(max(most[0], most[1]));
  const Vector reference = Vector::all(found == -INFINITY ? 0.0F : found);
  Vector sums[2] = {Vector::all(0.0F), Vector::all(0.0F)};
  in_turn(z, count, [&](int part, Vector values) {
    const Vector relative = values - reference;
    sums[part] = sums[part] + where_less(relative, Vector::all(-87.0F), Vector::all(0.0F), exp(relative));
  });
  return {.largest = found, .sum = total(sums[0] + sums[1])};
}

int64_t above(const float* z, int64_t count, float least, int32_t* places) {
  const Vector bound = Vector::all(least);
  int64_t found = 0;
  for (int64_t first = 0; first < count; first += Vector::width) {
    for (uint32_t lanes = lanes_less(bound, Vector::load(z + first)); lanes != 0; lanes &= lanes - 1)
      places[found++] = static_cast<int32_t>(first + std::countr_zero(lanes));
  }
  return found;
}

void add_exponentials(const MixtureTerm& of) {
  const Vector normalizer = Vector::all(of.normalizer), weight = Vector::all(of.weight);
  for (int64_t i = 0; i < of.count; i += Vector::width) {
    const Vector relative = Vector::load(of.z + i) - normalizer;
    const Vector share = where_less(relative, Vector::all(-87.0F), Vector::all(0.0F), exp(relative));
    fma(weight, share, Vector::load(of.sum + i)).store(of.sum + i);
  }
}

void add_logs(const MixtureTerm& of) {
  const Vector normalizer = Vector::all(of.normalizer), weight = Vector::all(of.weight);
  for (int64_t i = 0; i < of.count; i += Vector::width)
    fma(weight, Vector::load(of.z + i) - normalizer, Vector::load(of.sum + i)).store(of.sum + i);
}

}  // namespace

RankingKernels ranking_kernels() {
  return {
      .lanes = Vector::width, .sum = sum, .above = above, .add_exponentials = add_exponentials, .add_logs = add_logs};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
