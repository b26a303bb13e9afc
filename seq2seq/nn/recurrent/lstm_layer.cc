#include "seq2seq/nn/recurrent/lstm_layer.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/nn/kernels/lstm/cell.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The rows of each step in the packed order.
struct Steps {
  explicit Steps(const std::vector<int64_t>& running) : running(running) {
    for (const int64_t sentences : running) offsets.push_back(offsets.back() + sentences);
  }
  int64_t count() const { return static_cast<int64_t>(running.size()); }
  int64_t sentences(int64_t step) const { return step < count() ? running[static_cast<size_t>(step)] : 0; }
  Tensor of(const Tensor& rows, int64_t step) const {
    return rows.narrow(0, offsets[static_cast<size_t>(step)], sentences(step));
  }

  std::vector<int64_t> running, offsets{0};
};

/// Rows a task should have so that threads are worth their start.
int64_t rows_a_task(int64_t cells) { return std::max<int64_t>(1, 8192 / cells); }

template <class Real, class Kernel>
void cell_on_cpu(Kernel kernel, const Tensor& gates, const Tensor& cell_before, const Tensor& cell,
                 const Tensor& hidden) {
  const int64_t cells = hidden.size(1);
  at::parallel_for(0, hidden.size(0), rows_a_task(cells), [&](int64_t first, int64_t last) {
    kernel(kernels::LstmCell<Real>{.gates = gates.data_ptr<Real>() + first * 4 * cells,
                                   .cell_before = cell_before.const_data_ptr<Real>() + first * cells,
                                   .cell = cell.data_ptr<Real>() + first * cells,
                                   .hidden = hidden.data_ptr<Real>() + first * cells,
                                   .rows = last - first,
                                   .cells = cells});
  });
}

/// Activates `gates` in place and writes c and h.
void cell_forward(const kernels::LstmCellKernels& kernel, Tensor gates, const Tensor& cell_before, Tensor cell,
                  Tensor hidden) {
  if (gates.is_cpu() && gates.scalar_type() == at::kFloat) {
    return cell_on_cpu<float>(kernel.forward, gates, cell_before, cell, hidden);
  }
  if (gates.is_cpu() && gates.scalar_type() == at::kDouble) {
    void (*reference)(const kernels::LstmCell<double>&) = kernels::lstm_cell_reference;
    return cell_on_cpu<double>(reference, gates, cell_before, cell, hidden);
  }
  const auto parts = gates.chunk(4, 1);
  parts[0].sigmoid_();
  parts[1].sigmoid_();
  parts[2].tanh_();
  parts[3].sigmoid_();
  at::addcmul_out(cell, parts[0] * parts[2], parts[1], cell_before);
  at::mul_out(hidden, parts[3], cell.tanh());
}

struct StepGradient {
  Tensor gates, cell_before, cell;  // as the forward step left them
  Tensor from_above;                // undefined: nothing comes from above
  Tensor from_later;
  Tensor gate_gradient;  // out
  Tensor cell_gradient;  // in and out
};

template <class Real, class Kernel>
void gradient_on_cpu(Kernel kernel, const StepGradient& step) {
  const int64_t cells = step.cell.size(1);
  const Real* above = step.from_above.defined() ? step.from_above.const_data_ptr<Real>() : nullptr;
  at::parallel_for(0, step.cell.size(0), rows_a_task(cells), [&](int64_t first, int64_t last) {
    kernel(kernels::LstmCellGradient<Real>{.gates = step.gates.const_data_ptr<Real>() + first * 4 * cells,
                                           .cell_before = step.cell_before.const_data_ptr<Real>() + first * cells,
                                           .cell = step.cell.const_data_ptr<Real>() + first * cells,
                                           .from_above = above != nullptr ? above + first * cells : nullptr,
                                           .from_later = step.from_later.const_data_ptr<Real>() + first * cells,
                                           .gate_gradient = step.gate_gradient.data_ptr<Real>() + first * 4 * cells,
                                           .cell_gradient = step.cell_gradient.data_ptr<Real>() + first * cells,
                                           .rows = last - first,
                                           .cells = cells});
  });
}

void cell_backward(const kernels::LstmCellKernels& kernel, const StepGradient& step) {
  if (step.gates.is_cpu() && step.gates.scalar_type() == at::kFloat)
    return gradient_on_cpu<float>(kernel.backward, step);
  if (step.gates.is_cpu() && step.gates.scalar_type() == at::kDouble) {
    void (*reference)(const kernels::LstmCellGradient<double>&) = kernels::lstm_cell_reference;
    return gradient_on_cpu<double>(reference, step);
  }
  const auto gate = step.gates.chunk(4, 1);
  const auto t = step.cell.tanh();
  const auto dh = step.from_above.defined() ? step.from_later + step.from_above : step.from_later;
  const auto dc = step.cell_gradient + dh * gate[3] * (1 - t * t);
  const auto out = step.gate_gradient.chunk(4, 1);
  out[0].copy_(dc * gate[2] * gate[0] * (1 - gate[0]));
  out[1].copy_(dc * step.cell_before * gate[1] * (1 - gate[1]));
  out[2].copy_(dc * gate[0] * (1 - gate[2] * gate[2]));
  out[3].copy_(dh * t * gate[3] * (1 - gate[3]));
  step.cell_gradient.copy_(dc * gate[1]);
}

/// The activated gates [N, 4H], c and h of every row [N, H].
struct Trace {
  Tensor gates, cells, rows;
};

Trace run_forward(const Tensor& x, const Steps& steps, const Tensor& hidden, const Tensor& cell,
                  const LstmWeights& weights) {
  const auto kernel = kernels::lstm_cell();
  Trace trace;
  trace.gates = at::addmm(weights.input_bias + weights.hidden_bias, x, weights.input.t());
  trace.cells = at::empty({x.size(0), hidden.size(1)}, x.options());
  trace.rows = at::empty_like(trace.cells);
  const auto recurrent = weights.hidden.t();
  Tensor h = hidden;
  Tensor c = cell;
  for (int64_t step = 0; step < steps.count(); ++step) {
    auto gates = steps.of(trace.gates, step);
    const int64_t sentences = steps.sentences(step);
    gates.addmm_(h.narrow(0, 0, sentences), recurrent);
    const auto next_c = steps.of(trace.cells, step);
    const auto next_h = steps.of(trace.rows, step);
    cell_forward(kernel, gates, c.narrow(0, 0, sentences), next_c, next_h);
    h = next_h;
    c = next_c;
  }
  return trace;
}

/// Row by row, what stood before it: the first state at the first step, else the row of the step before. [N, H]
Tensor before(const Tensor& first, const Tensor& rows, const Steps& steps) {
  auto result = at::empty_like(rows);
  for (int64_t step = 0; step < steps.count(); ++step) {
    const auto source = step == 0 ? first : steps.of(rows, step - 1);
    steps.of(result, step).copy_(source.narrow(0, 0, steps.sentences(step)));
  }
  return result;
}

/// Each sentence's row at its own last step, in sorted order. [S, H]
Tensor last_rows(const Tensor& rows, const Steps& steps) {
  auto result = at::empty({steps.sentences(0), rows.size(1)}, rows.options());
  for (int64_t step = 0; step < steps.count(); ++step) {
    const int64_t going_on = steps.sentences(step + 1);
    const int64_t ending = steps.sentences(step) - going_on;
    if (ending > 0) result.narrow(0, going_on, ending).copy_(steps.of(rows, step).narrow(0, going_on, ending));
  }
  return result;
}

class LstmLayer : public torch::autograd::Function<LstmLayer> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& hidden, const Tensor& cell,
                               const Tensor& input, const Tensor& recurrent, const Tensor& input_bias,
                               const Tensor& hidden_bias, const std::vector<int64_t>& running) {
    const Steps steps(running);
    const auto trace = run_forward(x, steps, hidden, cell, {input, recurrent, input_bias, hidden_bias});
    context->set_materialize_grads(false);
    context->saved_data["running"] = running;
    context->save_for_backward({x, hidden, cell, input, recurrent, trace.gates, trace.cells, trace.rows});
    return {trace.rows, last_rows(trace.rows, steps), last_rows(trace.cells, steps)};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &hidden = saved[1], &cell = saved[2], &input = saved[3], &recurrent = saved[4];
    const Trace trace{saved[5], saved[6], saved[7]};
    const Steps steps(context->saved_data["running"].toIntVector());
    const auto above = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
    // A sentence enters the backward pass at its own last step, with what reaches its last state.
    auto dh = gradients[1].defined() ? gradients[1].clone(at::MemoryFormat::Contiguous) : at::zeros_like(hidden);
    auto dc = gradients[2].defined() ? gradients[2].clone(at::MemoryFormat::Contiguous) : at::zeros_like(cell);

    const auto kernel = kernels::lstm_cell();
    auto dgates = at::empty_like(trace.gates);
    for (int64_t step = steps.count() - 1; step >= 0; --step) {
      const int64_t sentences = steps.sentences(step);
      auto later = dh.narrow(0, 0, sentences);
      const auto gate_gradient = steps.of(dgates, step);
      cell_backward(kernel,
                    {.gates = steps.of(trace.gates, step),
                     .cell_before = (step == 0 ? cell : steps.of(trace.cells, step - 1)).narrow(0, 0, sentences),
                     .cell = steps.of(trace.cells, step),
                     .from_above = above.defined() ? steps.of(above, step) : Tensor(),
                     .from_later = later,
                     .gate_gradient = gate_gradient,
                     .cell_gradient = dc.narrow(0, 0, sentences)});
      at::mm_out(later, gate_gradient, recurrent);
    }
    const auto transposed = dgates.t();
    const auto dbias = dgates.sum(0);
    return {context->needs_input_grad(0) ? at::mm(dgates, input) : Tensor(),
            dh,
            dc,
            at::mm(transposed, x),
            at::mm(transposed, before(hidden, trace.rows, steps)),
            dbias,
            dbias.clone(),
            Tensor()};
  }
};

}  // namespace

LstmResult lstm_layer(const Tensor& x, const std::vector<int64_t>& running, const Tensor& hidden, const Tensor& cell,
                      const LstmWeights& weights) {
  if (!c10::GradMode::is_enabled()) {
    const Steps steps(running);
    const auto trace = run_forward(x.contiguous(), steps, hidden.contiguous(), cell.contiguous(), weights);
    return {trace.rows, last_rows(trace.rows, steps), last_rows(trace.cells, steps)};
  }
  auto result = LstmLayer::apply(x.contiguous(), hidden.contiguous(), cell.contiguous(), weights.input, weights.hidden,
                                 weights.input_bias, weights.hidden_bias, running);
  return {result[0], result[1], result[2]};
}

}  // namespace seq2seq::nn
