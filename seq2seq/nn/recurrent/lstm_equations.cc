#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "seq2seq/nn/recurrent/lstm_backend.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

LstmForward pass_of(const LstmWeights& weights, const CellInput& input, const Tensor& gates, const Tensor& cells,
                    const Tensor& rows) {
  const auto* prepared = dynamic_cast<const LstmPrepared*>(input.panels);
  return {.x = input.x,
          .hidden = input.before[0],
          .cell = input.before[1],
          .weights = weights,
          .panels = prepared == nullptr ? LstmPanels() : prepared->panels,
          .gates = gates,
          .cells = cells,
          .rows = rows};
}

/// The equations of lstm_pass.h. Keeps gates and cells of all rows.
class LstmEquations final : public LstmBackend {
 public:
  std::string_view name() const override { return "equations"; }
  std::string refusal(const CellInput&, const Steps&) const override { return ""; }

  CellOutput forward(const LstmWeights& weights, const CellInput& input, const Steps& steps) const override {
    const int64_t cells = weights.hidden.size(1);
    const auto made = [&](int64_t width) { return at::empty({steps.rows(), width}, input.x.options()); };
    const auto pass = pass_of(weights, input, made(4 * cells), made(cells), made(cells));
    lstm_forward(pass, steps);
    return {.rows = pass.rows,
            .last = {last_rows(pass.rows, steps), last_rows(pass.cells, steps)},
            .kept = {pass.gates, pass.cells}};
  }

  CellGradient backward(const LstmWeights& weights, const CellInput& input, const CellOutput& output,
                        const CellOutputGradient& output_gradient, const Steps& steps, bool x_wanted) const override {
    const LstmBackward pass{.forward = pass_of(weights, input, output.kept[0], output.kept[1], output.rows),
                            .from_above = output_gradient.rows.defined() ? output_gradient.rows.contiguous() : Tensor(),
                            .hidden = state_gradient(output_gradient, input, 0),
                            .cell = state_gradient(output_gradient, input, 1),
                            .x = x_wanted ? at::empty_like(input.x) : Tensor(),
                            .input = {},
                            .weight = {},
                            .bias = {},
                            .sums = at::empty_like(output.kept[0])};
    lstm_backward(pass, steps, LstmWork::steps);
    return {.x = pass.x,
            .before = {pass.hidden, pass.cell},
            .rows = {input.x, rows_before(input.before[0], output.rows, steps), pass.sums}};
  }

  bool left(const std::vector<Tensor>& rows) const override { return rows.size() == 3; }

  std::vector<Tensor> weight_gradients(const LstmWeights& weights, const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    const auto &x = rows[0], &before = rows[1], &sums = rows[2];
    const bool bias_wanted = wanted[2] || wanted[3];
    LstmBackward pass{};
    pass.forward = pass_of(weights, {.x = x, .before = {before, before}}, sums, before, before);
    pass.sums = sums;
    if (wanted[0]) pass.input = at::empty_like(weights.input, at::MemoryFormat::Contiguous);
    if (wanted[1]) pass.weight = at::empty_like(weights.hidden, at::MemoryFormat::Contiguous);
    if (bias_wanted) pass.bias = at::empty({sums.size(1)}, sums.options());
    lstm_backward(pass, Steps({x.size(0)}), LstmWork::weights);  // as if all rows were one step's
    return {pass.input, pass.weight, pass.bias, bias_wanted ? pass.bias.clone() : Tensor()};
  }
};

}  // namespace

const LstmBackend& lstm_by_equations() {
  static const LstmEquations equations;
  return equations;
}

}  // namespace seq2seq::nn
