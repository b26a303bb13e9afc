// The equations as they stand, for processors without the vector instructions.

#include <algorithm>
#include <cmath>

#include "seq2seq/nn/kernels/lstm/step_isa.h"

namespace seq2seq::nn::kernels::reference {
namespace {

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

float unrounded(float value) { return value; }

/// The rows of the weight, gate by gate: a cell's own four are read. `round`: what is done to an operand of the
/// product.
template <float (&round)(float)>
void pack(const float* weight, int64_t cells, Cells own, float* packed) {
  for (int64_t gate = 0; gate < 4; ++gate) {
    const int64_t first = (gate * cells + own.first) * cells;
    std::transform(weight + first, weight + first + (own.last - own.first) * cells, packed + first, round);
  }
}

template <float (&round)(float)>
void forward(const LstmStep& s, const float* packed, Cells own) {
  for (int64_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 4 * s.cells;
    const float* before = s.hidden_before + row * s.cells;
    for (int64_t j = own.first; j < own.last; ++j) {
      const int64_t at = row * s.cells + j;
      const auto sum = [&](int64_t gate) {
        const float* weight = packed + (gate * s.cells + j) * s.cells;
        float sum = gates[gate * s.cells + j];
        for (int64_t k = 0; k < s.cells; ++k) sum += round(before[k]) * weight[k];
        return sum;
      };
      const float i = gates[j] = sigmoid(sum(0));
      const float f = gates[s.cells + j] = sigmoid(sum(1));
      const float g = gates[2 * s.cells + j] = std::tanh(sum(2));
      const float o = gates[3 * s.cells + j] = sigmoid(sum(3));
      s.cell[at] = f * s.cell_before[at] + i * g;
      s.hidden[at] = o * std::tanh(s.cell[at]);
    }
  }
}

void backward(const LstmStepGradient& s, Cells own) {
  for (int64_t row = 0; row < s.rows; ++row) {
    const float* gates = s.gates + row * 4 * s.cells;
    float* out = s.gate_gradient + row * 4 * s.cells;
    for (int64_t j = own.first; j < own.last; ++j) {
      const int64_t at = row * s.cells + j;
      const float i = gates[j], f = gates[s.cells + j], g = gates[2 * s.cells + j], o = gates[3 * s.cells + j];
      const float t = std::tanh(s.cell[at]);
      const float dh = s.from_later[at] + (s.from_above != nullptr ? s.from_above[at] : 0);
      const float dc = s.cell_gradient[at] + dh * o * (1 - t * t);
      out[j] = dc * g * i * (1 - i);
      out[s.cells + j] = dc * s.cell_before[at] * f * (1 - f);
      out[2 * s.cells + j] = dc * i * (1 - g * g);
      out[3 * s.cells + j] = dh * t * o * (1 - o);
      s.cell_gradient[at] = dc * f;
    }
  }
}

}  // namespace

LstmKernels lstm_kernels(Operands operands) {
  if (operands == Operands::bf16)
    return {.share = 1, .pack = pack<rounded_to_bf16>, .forward = forward<rounded_to_bf16>, .backward = backward};
  return {.share = 1, .pack = pack<unrounded>, .forward = forward<unrounded>, .backward = backward};
}

}  // namespace seq2seq::nn::kernels::reference
