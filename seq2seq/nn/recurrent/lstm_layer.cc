#include "seq2seq/nn/recurrent/lstm_layer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class LstmCell final : public Cell {
 public:
  explicit LstmCell(LstmWeights weights) : weights_(std::move(weights)) {}

  std::vector<Tensor> parameters() const override {
    return {weights_.input, weights_.hidden, weights_.input_bias, weights_.hidden_bias};
  }
  int64_t width() const override { return weights_.hidden.size(1); }
  StateShape state_shape() const override { return {{"h", width()}, {"c", width()}}; }
  std::shared_ptr<const PreparedWeights> panels(bool both_ways) const override {
    return std::make_shared<LstmPrepared>(lstm_panels(weights_, both_ways));
  }

  CellOutput forward(const CellInput& input, const Steps& steps) const override {
    const auto made = [&](int64_t width) { return at::empty({steps.rows(), width}, input.x.options()); };
    const auto pass = pass_of(input, made(4 * width()), made(width()), made(width()));
    lstm_forward(pass, steps);
    return {.rows = pass.rows,
            .last = {last_rows(pass.rows, steps), last_rows(pass.cells, steps)},
            .kept = {pass.gates, pass.cells}};
  }

  CellGradient backward(const CellInput& input, const CellOutput& output, const CellReaching& reaching,
                        const Steps& steps, bool x_wanted) const override {
    const LstmBackward pass{.forward = pass_of(input, output.kept[0], output.kept[1], output.rows),
                            .from_above = reaching.rows.defined() ? reaching.rows.contiguous() : Tensor(),
                            .hidden = reaching_state(reaching, input, 0),
                            .cell = reaching_state(reaching, input, 1),
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

  std::vector<Tensor> weight_gradients(const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    const auto &x = rows[0], &before = rows[1], &sums = rows[2];
    const bool bias_wanted = wanted[2] || wanted[3];
    LstmBackward pass{};
    pass.forward = pass_of({.x = x, .before = {before, before}}, sums, before, before);
    pass.sums = sums;
    if (wanted[0]) pass.input = at::empty_like(weights_.input, at::MemoryFormat::Contiguous);
    if (wanted[1]) pass.weight = at::empty_like(weights_.hidden, at::MemoryFormat::Contiguous);
    if (bias_wanted) pass.bias = at::empty({sums.size(1)}, sums.options());
    lstm_backward(pass, Steps({x.size(0)}), LstmWork::weights);  // as if all rows were one step's
    return {pass.input, pass.weight, pass.bias, bias_wanted ? pass.bias.clone() : Tensor()};
  }

 private:
  LstmForward pass_of(const CellInput& input, const Tensor& gates, const Tensor& cells, const Tensor& rows) const {
    const auto* prepared = dynamic_cast<const LstmPrepared*>(input.panels);
    return {.x = input.x,
            .hidden = input.before[0],
            .cell = input.before[1],
            .weights = weights_,
            .panels = prepared == nullptr ? LstmPanels() : prepared->panels,
            .gates = gates,
            .cells = cells,
            .rows = rows};
  }

  LstmWeights weights_;
};

}  // namespace

LstmPanels lstm_panels(const LstmWeights& weights, bool both_ways) {
  if (!has_lstm_kernels(weights.hidden)) return {};
  auto panels = lstm_panels_cpu(weights);
  if (both_ways) lstm_panels_backward_cpu(weights, panels);
  return panels;
}

std::shared_ptr<const Cell> lstm_cell(const LstmWeights& weights) { return std::make_shared<LstmCell>(weights); }

LstmResult lstm_layer(const Tensor& x, const std::vector<int64_t>& running, const Tensor& hidden, const Tensor& cell,
                      const LstmWeights& weights, const LstmPanels* panels) {
  CellPrepared prepared;
  if (panels != nullptr) prepared.panels = std::make_shared<LstmPrepared>(*panels);
  const auto result = run_cell(lstm_cell(weights), x, {hidden, cell}, running, &prepared);
  return {result.rows, result.last[0], result.last[1]};
}

}  // namespace seq2seq::nn
