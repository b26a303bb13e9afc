#include "seq2seq/nn/recurrent/cell.h"

#include <utility>

#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Values other than tensors that a run of a cell keeps.
struct CellRun final : torch::CustomClassHolder {
  CellRun(std::shared_ptr<const Cell> cell, const std::vector<int64_t>& running)
      : cell(std::move(cell)), steps(running) {}
  std::shared_ptr<const Cell> cell;
  std::shared_ptr<const PreparedWeights> panels;
  c10::intrusive_ptr<DeferredRows> rows;
  Steps steps;
  std::vector<bool> is_rows;  // whether each part of the last state is the rows themselves
};

CellOutput forward_of(const CellRun& run, const Tensor& x, State before) {
  return run.cell->forward({.x = x, .before = std::move(before), .panels = run.panels.get()}, run.steps);
}

/// Inputs: x, the state's parts, the token of the deferred gradients, the run. Outputs: the rows, and the parts of the
/// last state other than the rows.
class CellFunction : public torch::autograd::Function<CellFunction> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& x, at::TensorList before,
                               const Tensor& /*token*/, const c10::intrusive_ptr<CellRun>& run) {
    const auto output = forward_of(*run, x, before.vec());
    context->set_materialize_grads(false);
    context->saved_data["run"] = at::IValue::make_capsule(run);
    variable_list outputs{output.rows}, saved{x, output.rows};
    for (const auto& part : before) saved.push_back(part);
    for (const auto& part : output.last) {
      run->is_rows.push_back(part.is_same(output.rows));
      if (run->is_rows.back()) continue;
      outputs.push_back(part);
    }
    saved.insert(saved.end(), outputs.begin() + 1, outputs.end());
    saved.insert(saved.end(), output.kept.begin(), output.kept.end());
    context->save_for_backward(saved);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto run = c10::static_intrusive_pointer_cast<CellRun>(context->saved_data["run"].toCapsule());
    const size_t parts = run->is_rows.size();
    variable_list result(parts + 3);
    CellOutputGradient output_gradient{.rows = gradients[0], .last = {}};
    bool reached = output_gradient.rows.defined();
    for (size_t part = 0, next = 1; part < parts; ++part) {
      output_gradient.last.push_back(run->is_rows[part] ? Tensor() : gradients[next++]);
      reached = reached || output_gradient.last.back().defined();
    }
    if (!reached) return result;
    const auto [input, output] = restored(*run, context->get_saved_variables());
    const auto made =
        run->cell->backward(input, output, output_gradient, run->steps, /*x_wanted=*/context->needs_input_grad(0));
    if (context->needs_input_grad(1 + parts)) run->rows->add(made.rows);
    result[0] = made.x;
    for (size_t part = 0; part < parts; ++part) result[1 + part] = made.before[part];
    return result;
  }

 private:
  static std::pair<CellInput, CellOutput> restored(const CellRun& run, const variable_list& saved) {
    CellInput input{.x = saved[0], .before = {}, .panels = run.panels.get()};
    CellOutput output{.rows = saved[1], .last = {}, .kept = {}};
    auto next = saved.begin() + 2;
    for (size_t part = 0; part < run.is_rows.size(); ++part) input.before.push_back(*next++);
    for (const bool is_rows : run.is_rows) output.last.push_back(is_rows ? output.rows : *next++);
    output.kept.assign(next, saved.end());
    return {std::move(input), std::move(output)};
  }
};

std::shared_ptr<const Deferred> deferred_of(const std::shared_ptr<const Cell>& cell, const CellPrepared* prepared) {
  const bool given = prepared != nullptr && prepared->deferred != nullptr;
  return given ? prepared->deferred : defer_weight_gradients(cell);
}

}  // namespace

Tensor state_gradient(const CellOutputGradient& output_gradient, const CellInput& input, size_t part) {
  const auto& gradient = output_gradient.last[part];
  return gradient.defined() ? gradient.clone(at::MemoryFormat::Contiguous) : at::zeros_like(input.before[part]);
}

std::shared_ptr<const Deferred> defer_weight_gradients(const std::shared_ptr<const Cell>& cell) {
  return std::make_shared<Deferred>(cell->parameters(),
                                    [cell](const std::vector<Tensor>& rows, const std::vector<bool>& wanted) {
                                      return cell->weight_gradients(rows, wanted);
                                    });
}

CellOutput run_cell(const std::shared_ptr<const Cell>& cell, const Tensor& x, const State& before,
                    const std::vector<int64_t>& running, const CellPrepared* prepared) {
  const auto run = c10::make_intrusive<CellRun>(cell, running);
  if (prepared != nullptr) run->panels = prepared->panels;
  State first;
  for (const auto& part : before) first.push_back(part.contiguous());
  if (!c10::GradMode::is_enabled()) return forward_of(*run, x.contiguous(), std::move(first));
  const auto deferred = deferred_of(cell, prepared);
  run->rows = deferred->rows();
  const auto made = CellFunction::apply(x.contiguous(), at::TensorList(first), deferred->token(), run);
  CellOutput output{.rows = made[0], .last = {}, .kept = {}};
  size_t next = 1;
  for (const bool is_rows : run->is_rows) output.last.push_back(is_rows ? made[0] : made[next++]);
  return output;
}

}  // namespace seq2seq::nn
