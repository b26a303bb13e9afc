#pragma once

#include <cstdint>

#include "seq2seq/nn/kernels/isa.h"

namespace seq2seq::nn::kernels {

/// One step of an LSTM after its products, for `rows` sentences of `cells` cells: c = f * c' + i * g, h = o * tanh(c).
template <class Real>
struct LstmCell {
  Real* gates;  // [rows, 4 * cells] in the order i f g o of torch.nn.LSTM: in, the sums; out, after their activations
  const Real* cell_before;  // [rows, cells] c'
  Real* cell;               // [rows, cells] c
  Real* hidden;             // [rows, cells] h
  int64_t rows;
  int64_t cells;
};

/// The same step backward. With t = tanh(c): dc += dh o (1 - t^2), then the derivatives of the gates' sums and dc' = f
/// dc.
template <class Real>
struct LstmCellGradient {
  const Real* gates;        // [rows, 4 * cells] as LstmCell leaves them
  const Real* cell_before;  // [rows, cells]
  const Real* cell;         // [rows, cells]
  const Real* from_above;   // [rows, cells] what reaches h from the layer above; null: nothing does
  const Real* from_later;   // [rows, cells] what reaches h from the next step
  Real* gate_gradient;      // [rows, 4 * cells] out
  Real* cell_gradient;      // [rows, cells] in: what reaches c from the next step; out: what reaches c'
  int64_t rows;
  int64_t cells;
};

struct LstmCellKernels {
  void (*forward)(const LstmCell<float>&);
  void (*backward)(const LstmCellGradient<float>&);
};

/// Never null: what an instruction set lacks, the reference does.
LstmCellKernels lstm_cell(Isa isa = best_isa());

/// The equations as they stand, for any type: what the others are measured against, and what gradients in double are
/// checked with.
void lstm_cell_reference(const LstmCell<float>& step);
void lstm_cell_reference(const LstmCell<double>& step);
void lstm_cell_reference(const LstmCellGradient<float>& step);
void lstm_cell_reference(const LstmCellGradient<double>& step);

}  // namespace seq2seq::nn::kernels
