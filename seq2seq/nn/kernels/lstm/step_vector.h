#pragma once

// The vectorised step, compiled once for each instruction set: see vector.h.

#include <algorithm>

#include "seq2seq/nn/kernels/lstm/step_isa.h"
#include "seq2seq/nn/kernels/product/tile_vector.h"
#include "seq2seq/nn/kernels/product/transpose_vector.h"
#if defined(__AVX512BF16__)
#include "seq2seq/nn/kernels/product/pairs_vector.h"
#endif
#if defined(__AMX_BF16__)
#include "seq2seq/nn/kernels/product/tiles_amx.h"
#endif

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

constexpr int64_t width = Vector::width;

/// Loads and stores whole vectors, or the first `count` lanes at the end of a row.
struct Whole {
  Vector load(const float* from) const { return Vector::load(from); }
  void store(float* to, Vector value) const { value.store(to); }
};
struct Partial {
  int64_t count;
  Vector load(const float* from) const { return Vector::load(from, count); }
  void store(float* to, Vector value) const { value.store(to, count); }
};

/// work(first cell, how to move it) for every vector of the own cells.
template <class Work>
void for_vectors(Cells own, Work work) {
  int64_t cell = own.first;
  for (; cell + width <= own.last; cell += width) work(cell, Whole{});
  if (cell < own.last) work(cell, Partial{own.last - cell});
}

#if defined(__AVX512BF16__)
/// The product's operands are rounded to bf16: panels of pairs.
[[gnu::always_inline]] inline void lay_out(const float* from, int64_t from_stride, int64_t depth, int64_t lanes,
                                           float* to, int64_t to_stride) {
  transpose_pairs(from, from_stride, depth, lanes, to, to_stride);
}
template <int Rows>
[[gnu::always_inline]] inline void add_recurrent(const float* hidden, int64_t cells, const float* panel,
                                                 Vector (&sum)[Rows][4]) {
  multiply_rounded(hidden, cells, panel, cells, sum);
}
#else
[[gnu::always_inline]] inline void lay_out(const float* from, int64_t from_stride, int64_t depth, int64_t lanes,
                                           float* to, int64_t to_stride) {
  transpose(from, from_stride, depth, lanes, to, to_stride);
}
template <int Rows>
[[gnu::always_inline]] inline void add_recurrent(const float* hidden, int64_t cells, const float* panel,
                                                 Vector (&sum)[Rows][4]) {
  multiply_tile(hidden, cells, 1, panel, cells, sum);
}
#endif

/// Panels [cells of h', 4 gates, width], one for each `width` cells; zeros where the last one ends early.
void pack(const float* weight, int64_t cells, Cells own, float* packed) {
  for (int64_t cell = own.first; cell < own.last; cell += width) {
    float* panel = packed + cell * 4 * cells;
    const int64_t lanes = std::min(width, own.last - cell);
    for (int64_t gate = 0; gate < 4; ++gate) {
      lay_out(weight + (gate * cells + cell) * cells, cells, cells, lanes, panel + gate * width, 4 * width);
    }
#if defined(__AVX512BF16__)
    clear_rest(cells, panel);
#endif
  }
}

/// The activations of one row from its sums.
template <class Move>
void activate(const LstmStep& s, const Vector (&sum)[4], int64_t row, int64_t cell, Move move) {
  float* gates = s.gates + row * 4 * s.cells + cell;
  const int64_t at = row * s.cells + cell;
  const Vector i = sigmoid(sum[0]);
  const Vector f = sigmoid(sum[1]);
  const Vector g = tanh(sum[2]);
  const Vector o = sigmoid(sum[3]);
  const Vector c = fma(f, move.load(s.cell_before + at), i * g);
  move.store(gates, i);
  move.store(gates + s.cells, f);
  move.store(gates + 2 * s.cells, g);
  move.store(gates + 3 * s.cells, o);
  move.store(s.cell + at, c);
  move.store(s.hidden + at, o * tanh(c));
}

#if defined(__AMX_BF16__)
/// The sums of a vector of cells gain the products of `left`, a part of h' whose first column is `depth`. They stay in
/// s.gates.
void add_recurrent(const LstmStep& s, const LeftTiles& left, int64_t row, int64_t depth, const float* packed,
                   int64_t cell, int64_t lanes) {
  for (int64_t gate = 0; gate < 4; gate += 2) {
    float* const sums = s.gates + (row * 4 + gate) * s.cells + cell;
    multiply(left, packed + cell * 4 * s.cells + depth / 2 * 4 * width + gate * width,
             {.start = sums,
              .start_stride = 4 * s.cells,
              .out = sums,
              .out_stride = 4 * s.cells,
              .next_group = s.cells,
              .first = lanes,
              .second = lanes});
  }
}

void forward(const LstmStep& s, const float* packed, Cells own) {
  const WholeTiles tiles;
  LeftTiles left;
  for (int64_t row = 0; row < s.rows; row += LeftTiles::most_rows) {
    const int64_t rows = std::min(LeftTiles::most_rows, s.rows - row);
    for (int64_t depth = 0; depth < s.cells; depth += LeftTiles::most_depth) {
      const int64_t count = std::min(LeftTiles::most_depth, s.cells - depth);
      left.round(s.hidden_before + row * s.cells + depth, s.cells, 1, rows, count);
      for_vectors(own, [&](int64_t cell, auto move) {
        add_recurrent(s, left, row, depth, packed, cell, std::min(width, own.last - cell));
        if (depth + count < s.cells) return;
        for (int64_t r = row; r < row + rows; ++r) {
          Vector sum[4];
          for (int64_t gate = 0; gate < 4; ++gate) sum[gate] = move.load(s.gates + (r * 4 + gate) * s.cells + cell);
          activate(s, sum, r, cell, move);
        }
      });
    }
  }
}
#else
void forward(const LstmStep& s, const float* packed, Cells own) {
  for_vectors(own, [&](int64_t cell, auto move) {
    for_tiles<tile_rows<4> >(s.rows, [&](auto rows, int64_t row) {
      Vector sum[rows][4];
      for (int r = 0; r < rows; ++r) {
        for (int gate = 0; gate < 4; ++gate)
          sum[r][gate] = move.load(s.gates + ((row + r) * 4 + gate) * s.cells + cell);
      }
      add_recurrent(s.hidden_before + row * s.cells, s.cells, packed + cell * 4 * s.cells, sum);
      for (int r = 0; r < rows; ++r) activate(s, sum[r], row + r, cell, move);
    });
  });
}
#endif

template <class Move>
void gate_gradients(const LstmStepGradient& s, int64_t row, int64_t cell, Move move) {
  const Vector one = Vector::all(1.0F);
  const float* gates = s.gates + row * 4 * s.cells + cell;
  float* out = s.gate_gradient + row * 4 * s.cells + cell;
  const int64_t at = row * s.cells + cell;
  const Vector i = move.load(gates);
  const Vector f = move.load(gates + s.cells);
  const Vector g = move.load(gates + 2 * s.cells);
  const Vector o = move.load(gates + 3 * s.cells);
  const Vector t = tanh(move.load(s.cell + at));
  Vector dh = move.load(s.from_later + at);
  if (s.from_above != nullptr) dh = dh + move.load(s.from_above + at);
  const Vector dc = fma(dh * o, one - t * t, move.load(s.cell_gradient + at));
  move.store(out, dc * g * i * (one - i));
  move.store(out + s.cells, dc * move.load(s.cell_before + at) * f * (one - f));
  move.store(out + 2 * s.cells, dc * i * (one - g * g));
  move.store(out + 3 * s.cells, dh * t * o * (one - o));
  move.store(s.cell_gradient + at, dc * f);
}

void backward(const LstmStepGradient& s, Cells own) {
  for (int64_t row = 0; row < s.rows; ++row) {
    for_vectors(own, [&](int64_t cell, auto move) { gate_gradients(s, row, cell, move); });
  }
}

}  // namespace

LstmKernels lstm_kernels() { return {.share = width, .pack = pack, .forward = forward, .backward = backward}; }

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
