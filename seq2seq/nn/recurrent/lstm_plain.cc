#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>

#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Computes the derivatives of the gates' sums at one step and, in place, the gradient of the previous cells.
void step_gradient(const LstmBackward& p, const Steps& steps, int64_t step, const Tensor& sums) {
  const int64_t sentences = steps.sentences(step);
  const auto later_h = p.hidden.narrow(0, 0, sentences);
  auto later_c = p.cell.narrow(0, 0, sentences);
  const auto c_before = (step == 0 ? p.forward.cell : steps.of(p.forward.cells, step - 1)).narrow(0, 0, sentences);
  const auto gate = steps.of(p.forward.gates, step).chunk(4, 1);
  const auto t = steps.of(p.forward.cells, step).tanh();
  const auto dh = p.from_above.defined() ? later_h + steps.of(p.from_above, step) : later_h;
  const auto dc = later_c + dh * gate[3] * (1 - t * t);
  const auto out = sums.chunk(4, 1);
  out[0].copy_(dc * gate[2] * gate[0] * (1 - gate[0]));
  out[1].copy_(dc * c_before * gate[1] * (1 - gate[1]));
  out[2].copy_(dc * gate[0] * (1 - gate[2] * gate[2]));
  out[3].copy_(dh * t * gate[3] * (1 - gate[3]));
  later_c.copy_(dc * gate[1]);
}

}  // namespace

void lstm_forward_plain(const LstmForward& p, const Steps& steps) {
  auto sums = p.gates;
  at::addmm_out(sums, p.weights.input_bias + p.weights.hidden_bias, p.x, p.weights.input.t());
  const auto recurrent = p.weights.hidden.t();
  Tensor h = p.hidden;
  Tensor c = p.cell;
  for (int64_t step = 0; step < steps.count(); ++step) {
    const int64_t sentences = steps.sentences(step);
    auto gates = steps.of(p.gates, step);
    gates.addmm_(h.narrow(0, 0, sentences), recurrent);
    const auto gate = gates.chunk(4, 1);
    gate[0].sigmoid_();
    gate[1].sigmoid_();
    gate[2].tanh_();
    gate[3].sigmoid_();
    auto next_c = steps.of(p.cells, step);
    auto next_h = steps.of(p.rows, step);
    at::addcmul_out(next_c, gate[0] * gate[2], gate[1], c.narrow(0, 0, sentences));
    at::mul_out(next_h, gate[3], next_c.tanh());
    h = next_h;
    c = next_c;
  }
}

void lstm_backward_plain(const LstmBackward& p, const Steps& steps, LstmWork work) {
  if (work != LstmWork::weights) {
    for (int64_t step = steps.count() - 1; step >= 0; --step) {
      const auto of_step = steps.of(p.sums, step);
      step_gradient(p, steps, step, of_step);
      auto hidden = p.hidden.narrow(0, 0, steps.sentences(step));
      at::mm_out(hidden, of_step, p.forward.weights.hidden);
    }
    auto x = p.x;
    if (x.defined()) at::mm_out(x, p.sums, p.forward.weights.input);
  }
  if (work == LstmWork::steps) return;
  const double kept = p.add_weights ? 1 : 0;
  auto input = p.input, weight = p.weight, bias = p.bias;
  if (input.defined()) input.addmm_(p.sums.t(), p.forward.x, kept);
  if (weight.defined()) weight.addmm_(p.sums.t(), rows_before(p.forward.hidden, p.forward.rows, steps), kept);
  if (bias.defined()) p.add_weights ? bias.add_(p.sums.sum(0)) : at::sum_out(bias, p.sums, 0);
}

}  // namespace seq2seq::nn
