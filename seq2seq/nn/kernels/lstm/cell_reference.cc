#include <cmath>

#include "seq2seq/nn/kernels/lstm/cell.h"

namespace seq2seq::nn::kernels {
namespace {

template <class Real>
Real sigmoid(Real x) {
  return 1 / (1 + std::exp(-x));
}

template <class Real>
void forward(const LstmCell<Real>& s) {
  for (int64_t row = 0; row < s.rows; ++row) {
    Real* gates = s.gates + row * 4 * s.cells;
    for (int64_t j = 0; j < s.cells; ++j) {
      const int64_t at = row * s.cells + j;
      const Real i = gates[j] = sigmoid(gates[j]);
      const Real f = gates[s.cells + j] = sigmoid(gates[s.cells + j]);
      const Real g = gates[2 * s.cells + j] = std::tanh(gates[2 * s.cells + j]);
      const Real o = gates[3 * s.cells + j] = sigmoid(gates[3 * s.cells + j]);
      s.cell[at] = f * s.cell_before[at] + i * g;
      s.hidden[at] = o * std::tanh(s.cell[at]);
    }
  }
}

template <class Real>
void backward(const LstmCellGradient<Real>& s) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const Real* gates = s.gates + row * 4 * s.cells;
    Real* out = s.gate_gradient + row * 4 * s.cells;
    for (int64_t j = 0; j < s.cells; ++j) {
      const int64_t at = row * s.cells + j;
      const Real i = gates[j], f = gates[s.cells + j], g = gates[2 * s.cells + j], o = gates[3 * s.cells + j];
      const Real t = std::tanh(s.cell[at]);
      const Real dh = s.from_later[at] + (s.from_above != nullptr ? s.from_above[at] : 0);
      const Real dc = s.cell_gradient[at] + dh * o * (1 - t * t);
      out[j] = dc * g * i * (1 - i);
      out[s.cells + j] = dc * s.cell_before[at] * f * (1 - f);
      out[2 * s.cells + j] = dc * i * (1 - g * g);
      out[3 * s.cells + j] = dh * t * o * (1 - o);
      s.cell_gradient[at] = dc * f;
    }
  }
}

}  // namespace

void lstm_cell_reference(const LstmCell<float>& step) { forward(step); }
void lstm_cell_reference(const LstmCell<double>& step) { forward(step); }
void lstm_cell_reference(const LstmCellGradient<float>& step) { backward(step); }
void lstm_cell_reference(const LstmCellGradient<double>& step) { backward(step); }

}  // namespace seq2seq::nn::kernels
