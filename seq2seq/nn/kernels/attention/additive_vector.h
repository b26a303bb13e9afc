#pragma once

// The vectorised additive scores, compiled once for each instruction set: see vector.h.
//
// tanh(q + k) = 1 - 2 / (1 + e^2q e^2k), so a pair costs no exponential, only a division: e^2q and e^2k are made once a
// row. Rows with a value beyond 40, where an exponential would leave the range of float32, take tanh() itself.

#include <algorithm>

#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

Vector load_part(const float* from, int64_t lanes) {
  return lanes >= Vector::width ? Vector::load(from) : Vector::load(from, lanes);
}

Vector tanh_of(Vector exponentials_of_query, Vector exponentials_of_key) {
  const Vector one = Vector::all(1.0F);
  return one - Vector::all(2.0F) / fma(exponentials_of_query, exponentials_of_key, one);
}

/// Up to additive_block rows: e^2x, vector by vector of all rows, as the inner loops read them.
struct Exponentials {
  Exponentials(float* place, float* beyond_place) : values(place), beyond(beyond_place) {}

  void make(const float* rows, int64_t stride, int64_t count, int64_t width) {
    any_beyond = false;
    for (int64_t row = 0; row < count; ++row, rows += stride) {
      Vector most = Vector::all(0.0F);
      for (int64_t at = 0; at < width; at += Vector::width) {
        const Vector x = load_part(rows + at, width - at);
        most = max(most, abs(x));
        exp(x + x).store(values + at * additive_block + row * Vector::width);
      }
      beyond[row] = largest(most) > 40.0F ? 1.0F : 0.0F;
      any_beyond = any_beyond || beyond[row] > 0;
    }
  }
  const float* at(int64_t first_lane, int64_t row) const {
    return values + first_lane * additive_block + row * Vector::width;
  }

  float* values;
  float* beyond;  // [rows] 1 where a value lies beyond the range
  bool any_beyond = false;
};

/// Scratch: exponentials of queries and keys, v with zeros after it, which rows are beyond the range.
struct AdditiveScratch {
  explicit AdditiveScratch(const AdditiveScores& p)
      : padded((p.width + Vector::width - 1) / Vector::width * Vector::width),
        v(p.scratch + 2 * additive_block * padded),
        queries(p.scratch, v + padded),
        keys(p.scratch + additive_block * padded, v + padded + additive_block) {
    for (int64_t at = 0; at < p.width; at += Vector::width) load_part(p.v + at, p.width - at).store(v + at);
  }
  bool beyond(int64_t row, int64_t column) const { return queries.beyond[row] + keys.beyond[column] > 0; }
  bool any_beyond() const { return queries.any_beyond || keys.any_beyond; }

  int64_t padded;
  float* v;
  Exponentials queries, keys;
};

/// The same block of both sides for each pair of blocks: work(first row, rows, first column, columns).
template <class Work>
void for_blocks(const AdditiveScores& p, AdditiveScratch& scratch, Work work) {
  for (int64_t column = 0; column < p.columns; column += additive_block) {
    const int64_t columns = std::min(additive_block, p.columns - column);
    scratch.keys.make(p.keys + column * p.key_stride, p.key_stride, columns, p.width);
    for (int64_t row = 0; row < p.rows; row += additive_block) {
      const int64_t rows = std::min(additive_block, p.rows - row);
      scratch.queries.make(p.queries + row * p.query_stride, p.query_stride, rows, p.width);
      work(row, rows, column, columns);
    }
  }
}

/// Scores of one query against `Count` keys.
template <int Count>
void additive_tile(const AdditiveScratch& scratch, int64_t row, int64_t column, float* scores) {
  Vector sum[Vector::width];
  for (auto& one : sum) one = Vector::all(0.0F);
  for (int64_t at = 0; at < scratch.padded; at += Vector::width) {
    const Vector query = Vector::load(scratch.queries.at(at, row)), v = Vector::load(scratch.v + at);
    const float* keys = scratch.keys.at(at, column);
#pragma GCC unroll 16
    for (int i = 0; i < Count; ++i) sum[i] = fma(v, tanh_of(query, Vector::load(keys + i * Vector::width)), sum[i]);
  }
  totals(sum).store(scores, Count);
}

float additive_score_beyond(const AdditiveScores& p, int64_t row, int64_t column) {
  const float *query = p.queries + row * p.query_stride, *key = p.keys + column * p.key_stride;
  Vector sum = Vector::all(0.0F);
  for (int64_t at = 0; at < p.width; at += Vector::width) {
    const int64_t lanes = p.width - at;
    sum = fma(load_part(p.v + at, lanes), tanh(load_part(query + at, lanes) + load_part(key + at, lanes)), sum);
  }
  return total(sum);
}

void additive_scores(const AdditiveScores& p) {
  AdditiveScratch scratch(p);
  for_blocks(p, scratch, [&](int64_t first_row, int64_t rows, int64_t first_column, int64_t columns) {
    for (int64_t row = 0; row < rows; ++row) {
      float* scores = p.scores + (first_row + row) * p.columns + first_column;
      int64_t column = 0;
      for (; column + Vector::width <= columns; column += Vector::width)
        additive_tile<Vector::width>(scratch, row, column, scores + column);
      for (; column + 4 <= columns; column += 4) additive_tile<4>(scratch, row, column, scores + column);
      for (; column < columns; ++column) additive_tile<1>(scratch, row, column, scores + column);
      if (!scratch.any_beyond()) continue;
      for (column = 0; column < columns; ++column) {
        if (scratch.beyond(row, column))
          scores[column] = additive_score_beyond(p, first_row + row, first_column + column);
      }
    }
  });
}

/// Adds `sum` to the lanes that there are.
void add_part(float* to, Vector sum, int64_t lanes) {
  if (lanes >= Vector::width) {
    (Vector::load(to) + sum).store(to);
  } else {
    (Vector::load(to, lanes) + sum).store(to, lanes);
  }
}

void additive_gradient(const AdditiveScores& p, const AdditiveGradient& g) {
  AdditiveScratch scratch(p);
  const Vector one = Vector::all(1.0F);
  for_blocks(p, scratch, [&](int64_t first_row, int64_t rows, int64_t first_column, int64_t columns) {
    for (int64_t at = 0; at < p.width; at += Vector::width) {
      const int64_t lanes = p.width - at;
      const Vector v = Vector::load(scratch.v + at);
      Vector of_keys[additive_block];
      for (int64_t column = 0; column < columns; ++column) of_keys[column] = Vector::all(0.0F);
      Vector of_v = Vector::all(0.0F);
      for (int64_t row = 0; row < rows; ++row) {
        const float* output_gradient = p.scores + (first_row + row) * p.columns + first_column;
        const float* query = p.queries + (first_row + row) * p.query_stride + at;
        const Vector exponentials = Vector::load(scratch.queries.at(at, row));
        const float* keys = scratch.keys.at(at, 0);
        Vector of_query = Vector::all(0.0F);
        for (int64_t column = 0; column < columns; ++column, keys += Vector::width) {
          Vector t = tanh_of(exponentials, Vector::load(keys));
          if (scratch.any_beyond() && scratch.beyond(row, column)) {
            t = tanh(load_part(query, lanes) + load_part(p.keys + (first_column + column) * p.key_stride + at, lanes));
          }
          const Vector d = Vector::all(output_gradient[column]), slope = fma(Vector::all(0.0F) - t, t, one);
          of_v = fma(d, t, of_v);
          of_query = fma(d, slope, of_query);
          of_keys[column] = fma(d, slope, of_keys[column]);
        }
        float* out = g.queries + (first_row + row) * p.width + at;
        if (first_column == 0) {
          lanes >= Vector::width ? (v * of_query).store(out) : (v * of_query).store(out, lanes);
        } else {
          add_part(out, v * of_query, lanes);
        }
      }
      for (int64_t column = 0; column < columns; ++column)
        add_part(g.keys + (first_column + column) * p.width + at, v * of_keys[column], lanes);
      add_part(g.v + at, of_v, lanes);
    }
  });
}

}  // namespace
}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
