#include "seq2seq/nn/recurrent/lstm_gates.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/tanh_backward.h>

namespace seq2seq::nn {

Role lstm_gate_role(Role::Kind kind, bool second_bias) {
  return {.kind = kind, .gates = lstm_gates, .forget_gate = lstm_forget_gate, .second_bias = second_bias};
}

void lstm_activate(const at::Tensor& gates) {
  const int64_t cells = gates.size(1) / lstm_gates;
  gates.narrow(1, 0, 2 * cells).sigmoid_();
  gates.narrow(1, 2 * cells, cells).tanh_();
  gates.narrow(1, 3 * cells, cells).sigmoid_();
}

void lstm_next_cell(const at::Tensor& gates, const at::Tensor& cell_before, at::Tensor cell) {
  const auto gate = gates.chunk(lstm_gates, 1);
  at::addcmul_out(cell, gate[0] * gate[2], gate[1], cell_before);
}

void lstm_gate_gradients(const at::Tensor& gates, const at::Tensor& cell_before, const at::Tensor& cell_gradient,
                         const at::Tensor& output_gradient, const at::Tensor& sums) {
  const auto gate = gates.chunk(lstm_gates, 1);
  auto out = sums.chunk(lstm_gates, 1);
  at::sigmoid_backward_out(out[0], cell_gradient * gate[2], gate[0]);
  at::sigmoid_backward_out(out[1], cell_gradient * cell_before, gate[1]);
  at::tanh_backward_out(out[2], cell_gradient * gate[0], gate[2]);
  at::sigmoid_backward_out(out[3], output_gradient, gate[3]);
}

}  // namespace seq2seq::nn
