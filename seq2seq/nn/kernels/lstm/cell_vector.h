#pragma once

// The vectorised step, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/lstm/cell_isa.h"
#include "seq2seq/nn/kernels/vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

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

template <class Move>
void forward_cells(const LstmCell<float>& s, float* gates, int64_t at, Move move) {
  const Vector i = sigmoid(move.load(gates));
  const Vector f = sigmoid(move.load(gates + s.cells));
  const Vector g = tanh(move.load(gates + 2 * s.cells));
  const Vector o = sigmoid(move.load(gates + 3 * s.cells));
  const Vector c = fma(f, move.load(s.cell_before + at), i * g);
  move.store(gates, i);
  move.store(gates + s.cells, f);
  move.store(gates + 2 * s.cells, g);
  move.store(gates + 3 * s.cells, o);
  move.store(s.cell + at, c);
  move.store(s.hidden + at, o * tanh(c));
}

template <class Move>
void backward_cells(const LstmCellGradient<float>& s, const float* gates, float* out, int64_t at, Move move) {
  const Vector one = Vector::all(1.0F);
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

}  // namespace

void lstm_cell(const LstmCell<float>& s) {
  const int64_t whole = s.cells - s.cells % Vector::width;
  for (int64_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 4 * s.cells;
    for (int64_t j = 0; j < whole; j += Vector::width) forward_cells(s, gates + j, row * s.cells + j, Whole{});
    if (whole < s.cells) forward_cells(s, gates + whole, row * s.cells + whole, Partial{s.cells - whole});
  }
}

void lstm_cell_gradient(const LstmCellGradient<float>& s) {
  const int64_t whole = s.cells - s.cells % Vector::width;
  for (int64_t row = 0; row < s.rows; ++row) {
    const float* gates = s.gates + row * 4 * s.cells;
    float* out = s.gate_gradient + row * 4 * s.cells;
    for (int64_t j = 0; j < whole; j += Vector::width)
      backward_cells(s, gates + j, out + j, row * s.cells + j, Whole{});
    if (whole < s.cells) {
      backward_cells(s, gates + whole, out + whole, row * s.cells + whole, Partial{s.cells - whole});
    }
  }
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
