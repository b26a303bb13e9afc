#include "seq2seq/nn/recurrent/lstm_layer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

LstmForward run_forward(const Tensor& x, const Steps& steps, const Tensor& hidden, const Tensor& cell,
                        const LstmWeights& weights, const LstmPanels* panels = nullptr) {
  const int64_t cells = hidden.size(1);
  const LstmForward pass{.x = x,
                         .hidden = hidden,
                         .cell = cell,
                         .weights = weights,
                         .panels = panels == nullptr ? LstmPanels() : *panels,
                         .gates = at::empty({steps.rows(), 4 * cells}, x.options()),
                         .cells = at::empty({steps.rows(), cells}, x.options()),
                         .rows = at::empty({steps.rows(), cells}, x.options())};
  lstm_forward(pass, steps);
  return pass;
}

class LstmLayer : public torch::autograd::Function<LstmLayer> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& hidden, const Tensor& cell,
                               const Tensor& input, const Tensor& recurrent, const Tensor& input_bias,
                               const Tensor& hidden_bias, const std::vector<int64_t>& running) {
    const Steps steps(running);
    const auto done = run_forward(x, steps, hidden, cell, {input, recurrent, input_bias, hidden_bias});
    context->set_materialize_grads(false);
    context->saved_data["running"] = running;
    context->save_for_backward({x, hidden, cell, input, recurrent, done.gates, done.cells, done.rows});
    return {done.rows, last_rows(done.rows, steps), last_rows(done.cells, steps)};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const LstmForward forward{.x = saved[0],
                              .hidden = saved[1],
                              .cell = saved[2],
                              .weights = {.input = saved[3], .hidden = saved[4], .input_bias = {}, .hidden_bias = {}},
                              .panels = {},
                              .gates = saved[5],
                              .cells = saved[6],
                              .rows = saved[7]};
    // A sentence enters the backward pass at its own last step, with what reaches its last state.
    const auto from_last = [&](const Tensor& gradient) {
      return gradient.defined() ? gradient.clone(at::MemoryFormat::Contiguous) : at::zeros_like(forward.hidden);
    };
    const bool bias_wanted = context->needs_input_grad(5) || context->needs_input_grad(6);
    const LstmBackward pass{
        .forward = forward,
        .from_above = gradients[0].defined() ? gradients[0].contiguous() : Tensor(),
        .hidden = from_last(gradients[1]),
        .cell = from_last(gradients[2]),
        .x = context->needs_input_grad(0) ? at::empty_like(forward.x) : Tensor(),
        .input = context->needs_input_grad(3) ? at::empty_like(forward.weights.input) : Tensor(),
        .weight = context->needs_input_grad(4) ? at::empty_like(forward.weights.hidden) : Tensor(),
        .bias = bias_wanted ? at::empty({forward.gates.size(1)}, forward.gates.options()) : Tensor(),
        .sums = at::empty_like(forward.gates)};
    const Steps steps(context->saved_data["running"].toIntVector());
    lstm_backward(pass, steps);
    return {
        pass.x,  pass.hidden, pass.cell, pass.input, pass.weight, pass.bias, bias_wanted ? pass.bias.clone() : Tensor(),
        Tensor()};
  }
};

}  // namespace

LstmPanels lstm_panels(const LstmWeights& weights) {
  return has_lstm_kernels(weights.hidden) ? lstm_panels_cpu(weights) : LstmPanels();
}

LstmResult lstm_layer(const Tensor& x, const std::vector<int64_t>& running, const Tensor& hidden, const Tensor& cell,
                      const LstmWeights& weights, const LstmPanels* panels) {
  if (!c10::GradMode::is_enabled()) {
    const Steps steps(running);
    const auto done = run_forward(x.contiguous(), steps, hidden.contiguous(), cell.contiguous(), weights, panels);
    return {done.rows, last_rows(done.rows, steps), last_rows(done.cells, steps)};
  }
  auto result = LstmLayer::apply(x.contiguous(), hidden.contiguous(), cell.contiguous(), weights.input, weights.hidden,
                                 weights.input_bias, weights.hidden_bias, running);
  return {result[0], result[1], result[2]};
}

}  // namespace seq2seq::nn
