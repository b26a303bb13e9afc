#pragma once

// The kernels of softmax and cross-entropy, compiled once for each instruction set: see vector.h.

#include <cmath>

#include "seq2seq/nn/kernels/cross_entropy/cross_entropy_isa.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

/// Vectors that are computed side by side, so that one need not wait for another.
constexpr int group = 4;

/// e^x, and 0 where that is no normal number.
[[gnu::always_inline]] inline Vector exp_or_zero(Vector x) {
  return where_less(x, Vector::all(-87.0F), Vector::all(0.0F), exp(x));
}

/// For Count vectors of rows from `row` on.
template <int Count>
void exponentials_of(const LogitTile& tile, int64_t row) {
  const auto at = [&](int c) { return row + c * Vector::width; };
  const auto bias = [&](int64_t word) { return Vector::all(tile.bias != nullptr ? tile.bias[word] : 0.0F); };
  Vector largest[Count], total[Count], after[Count], sum[Count];
  for (int c = 0; c < Count; ++c) {
    largest[c] = Vector::all(-INFINITY);
    total[c] = sum[c] = Vector::all(0.0F);
  }
  for (int64_t word = 0; word < tile.words; ++word) {
    const Vector offset = bias(word);
    for (int c = 0; c < Count; ++c) {
      const Vector z = Vector::load(tile.logits + word * tile.stride + at(c)) + offset;
      largest[c] = max(z, largest[c]);
      total[c] = total[c] + z;
    }
  }
  for (int c = 0; c < Count; ++c) {
    const Vector before = Vector::load(tile.reference + at(c));
    after[c] = where_less(before + Vector::all(reference_slack), largest[c], largest[c], before);
    after[c].store(tile.reference + at(c));
    exp_or_zero(before - after[c]).store(tile.change + at(c));
  }
  for (int64_t word = 0; word < tile.words; ++word) {
    const Vector offset = bias(word);
    for (int c = 0; c < Count; ++c) {
      float* place = tile.logits + word * tile.stride + at(c);
      const Vector exponential = exp_or_zero(Vector::load(place) + offset - after[c]);
      exponential.store(place);
      sum[c] = sum[c] + exponential;
    }
  }
  for (int c = 0; c < Count; ++c) {
    fma(Vector::load(tile.sum + at(c)), Vector::load(tile.change + at(c)), sum[c]).store(tile.sum + at(c));
    if (tile.total != nullptr) (Vector::load(tile.total + at(c)) + total[c]).store(tile.total + at(c));
  }
}

void exponentials(const LogitTile& tile) {
  int64_t row = 0;
  for (; row + group * Vector::width <= tile.rows; row += group * Vector::width) exponentials_of<group>(tile, row);
  for (; row < tile.rows; row += Vector::width) exponentials_of<1>(tile, row);
}

/// For Count words from `word` on.
template <int Count>
void add_sums_of(const WeightedSums& of, int64_t word) {
  const float* values = of.values + word * of.stride;
  float* sums = of.sums + word * Vector::width;
  Vector sum[Count];
  for (int w = 0; w < Count; ++w) sum[w] = Vector::load(sums + w * Vector::width);
  int64_t row = 0;
  for (; row + Vector::width <= of.rows; row += Vector::width) {
    const Vector factors = Vector::load(of.factors + row);
    for (int w = 0; w < Count; ++w) sum[w] = fma(factors, Vector::load(values + w * of.stride + row), sum[w]);
  }
  if (const int64_t rest = of.rows - row; rest > 0) {
    const Vector factors = Vector::load(of.factors + row, rest);
    for (int w = 0; w < Count; ++w) sum[w] = fma(factors, Vector::load(values + w * of.stride + row, rest), sum[w]);
  }
  for (int w = 0; w < Count; ++w) sum[w].store(sums + w * Vector::width);
}

void add_sums(const WeightedSums& of) {
  int64_t word = 0;
  for (; word + group <= of.words; word += group) add_sums_of<group>(of, word);
  for (; word < of.words; ++word) add_sums_of<1>(of, word);
}

}  // namespace

CrossEntropyKernels cross_entropy_kernels() {
  return {.lanes = Vector::width, .exponentials = exponentials, .add_sums = add_sums};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
