#pragma once

// The vectorised softmax, compiled once for each instruction set: see vector.h.

#include <algorithm>
#include <cmath>
#include <limits>

#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

/// e^x, which is 0 where exp() would cut x.
Vector exp_or_zero(Vector x) { return where_less(x, Vector::all(-87.0F), Vector::all(0.0F), exp(x)); }

/// work(first lane, how many of them count) for every vector of a row.
template <class Work>
void for_row(int64_t count, Work work) {
  for (int64_t at = 0; at < count; at += Vector::width) work(at, std::min(Vector::width, count - at));
}

void softmax(float* row, int64_t count) {
  Vector most = Vector::all(lowest);
  for_row(count, [&](int64_t at, int64_t lanes) {
    const Vector x = Vector::load(row + at, lanes);
    most = max(most, where_less(lane_numbers(), Vector::all(static_cast<float>(lanes)), x, most));
  });
  const Vector top = Vector::all(largest(most));
  Vector sum = Vector::all(0.0F);
  for_row(count, [&](int64_t at, int64_t lanes) {
    const Vector e = exp_or_zero(Vector::load(row + at, lanes) - top);
    e.store(row + at, lanes);
    sum = sum + where_less(lane_numbers(), Vector::all(static_cast<float>(lanes)), e, Vector::all(0.0F));
  });
  const Vector factor = Vector::all(1.0F / total(sum));
  for_row(count, [&](int64_t at, int64_t lanes) { (Vector::load(row + at, lanes) * factor).store(row + at, lanes); });
}

void softmax_gradient(const float* weights, float* gradient, int64_t count, float scale) {
  Vector sum = Vector::all(0.0F);
  for_row(count, [&](int64_t at, int64_t lanes) {
    sum = fma(Vector::load(weights + at, lanes), Vector::load(gradient + at, lanes), sum);
  });
  const Vector mean = Vector::all(total(sum)), factor = Vector::all(scale);
  for_row(count, [&](int64_t at, int64_t lanes) {
    const Vector w = Vector::load(weights + at, lanes), g = Vector::load(gradient + at, lanes);
    (factor * w * (g - mean)).store(gradient + at, lanes);
  });
}

/// work(first lane, the number of each lane's query, number of the first key that the lanes' first query does not see).
template <class Work>
void for_lanes(const ScoreColumns& p, Work work) {
  for (int64_t lane = 0; lane < p.lanes; lane += Vector::width)
    work(p.scores + lane, lane, std::min(p.keys, p.seen_by_first + lane));
}

/// The scores of key `key`, or `instead` for the queries that do not see it. `seen`: by the first of these queries.
Vector seen_or(Vector scores, int64_t key, int64_t seen, Vector instead) {
  return key < seen ? scores
                    : where_less(lane_numbers(), Vector::all(static_cast<float>(key - seen) + 1), instead, scores);
}

void softmax_columns(const ScoreColumns& p) {
  for_lanes(p, [&](float* scores, int64_t lane, int64_t seen) {
    Vector most = Vector::all(lowest);
    for (int64_t key = 0; key < p.keys; ++key)
      most = max(most, seen_or(Vector::load(scores + key * p.lanes), key, seen, most));
    // A query that sees no key.
    most = where_less(most, Vector::all(std::numeric_limits<float>::lowest()), Vector::all(0.0F), most);
    Vector sum = Vector::all(0.0F);
    for (int64_t key = 0; key < p.keys; ++key) {
      float* row = scores + key * p.lanes;
      const Vector e = seen_or(exp_or_zero(Vector::load(row) - most), key, seen, Vector::all(0.0F));
      e.store(row);
      sum = sum + e;
    }
    const Vector factor =
        where_less(Vector::all(0.0F), sum, Vector::all(1.0F) / sum, sum);  // a NaN stays visible, nothing seen gives 0
    for (int64_t key = 0; key < p.keys; ++key) {
      float* row = scores + key * p.lanes;
      (Vector::load(row) * factor).store(row);
    }
    float sums[Vector::width], tops[Vector::width];
    sum.store(sums);
    most.store(tops);
    for (int64_t i = 0; i < Vector::width; ++i) p.log_sum[lane + i] = tops[i] + std::log(sums[i]);
  });
}

void weights_of_columns(const ScoreColumns& p) {
  for_lanes(p, [&](float* scores, int64_t lane, int64_t seen) {
    const Vector log_sum = Vector::load(p.log_sum + lane);
    for (int64_t key = 0; key < p.keys; ++key) {
      float* row = scores + key * p.lanes;
      seen_or(exp_or_zero(Vector::load(row) - log_sum), key, seen, Vector::all(0.0F)).store(row);
    }
  });
}

void softmax_gradient_columns(const ScoreColumns& p, float* gradient, float scale) {
  const Vector factor = Vector::all(scale);
  for (int64_t lane = 0; lane < p.lanes; lane += Vector::width) {
    Vector mean = Vector::all(0.0F);
    for (int64_t at = lane; at < p.keys * p.lanes; at += p.lanes)
      mean = fma(Vector::load(p.scores + at), Vector::load(gradient + at), mean);
    for (int64_t at = lane; at < p.keys * p.lanes; at += p.lanes) {
      const Vector w = Vector::load(p.scores + at), g = Vector::load(gradient + at);
      (factor * w * (g - mean)).store(gradient + at);
    }
  }
}

}  // namespace
}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
