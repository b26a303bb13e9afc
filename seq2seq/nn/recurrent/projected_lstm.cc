#include "seq2seq/nn/recurrent/projected_lstm.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/tanh_backward.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/lstm_gates.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

struct ProjectedWeights {
  Tensor input, hidden, input_bias, hidden_bias;  // [4H, I], [4H, P], [4H], [4H]
  Tensor projection;                              // [P, H]
};

class ProjectedLstmCell final : public Cell {
 public:
  explicit ProjectedLstmCell(ProjectedWeights weights) : weights_(std::move(weights)) {}

  std::vector<Tensor> parameters() const override {
    return {weights_.input, weights_.hidden, weights_.input_bias, weights_.hidden_bias, weights_.projection};
  }
  int64_t width() const override { return weights_.projection.size(0); }
  int64_t cells() const { return weights_.projection.size(1); }
  StateShape state_shape() const override { return {{"h", width()}, {"c", cells()}}; }

  CellOutput forward(const CellInput& input, const Steps& steps) const override {
    const auto made = [&](int64_t width) { return at::empty({steps.rows(), width}, input.x.options()); };
    const auto sums = at::addmm(weights_.input_bias + weights_.hidden_bias, input.x, weights_.input.t());  // [N, 4H]
    const auto cell_rows = made(cells()), outputs = made(cells()), rows = made(width());
    const auto recurrent = weights_.hidden.t(), projection = weights_.projection.t();
    Tensor h = input.before[0], c = input.before[1];
    for (int64_t step = 0; step < steps.count(); ++step) {
      const int64_t sentences = steps.sentences(step);
      auto gates = steps.of(sums, step);
      gates.addmm_(h.narrow(0, 0, sentences), recurrent);
      lstm_activate(gates);
      const auto next = steps.of(cell_rows, step);
      lstm_next_cell(gates, c.narrow(0, 0, sentences), next);
      auto output = steps.of(outputs, step);
      at::mul_out(output, gates.narrow(1, 3 * cells(), cells()), next.tanh());
      auto row = steps.of(rows, step);
      at::mm_out(row, output, projection);
      h = row;
      c = next;
    }
    return {.rows = rows,
            .last = {last_rows(rows, steps), last_rows(cell_rows, steps)},
            .kept = {sums, cell_rows, outputs}};
  }

  CellGradient backward(const CellInput& input, const CellOutput& output, const CellOutputGradient& output_gradient,
                        const Steps& steps, bool x_wanted) const override {
    const auto &gate_rows = output.kept[0], &cell_rows = output.kept[1], &outputs = output.kept[2];
    const auto later_h = state_gradient(output_gradient, input, 0), later_c = state_gradient(output_gradient, input, 1);
    const auto cells_before = rows_before(input.before[1], cell_rows, steps);
    const auto sums = at::empty_like(gate_rows), projected = at::empty_like(output.rows);
    for (int64_t step = steps.count() - 1; step >= 0; --step) {
      auto dh = later_h.narrow(0, 0, steps.sentences(step)), dc = later_c.narrow(0, 0, steps.sentences(step));
      if (output_gradient.rows.defined()) dh.add_(steps.of(output_gradient.rows, step));
      steps.of(projected, step).copy_(dh);
      const auto of_output = at::mm(dh, weights_.projection);
      const auto gates = steps.of(gate_rows, step);
      const auto t = steps.of(cell_rows, step).tanh();
      dc.add_(at::tanh_backward(of_output * gates.narrow(1, 3 * cells(), cells()), t));
      const auto own = steps.of(sums, step);
      lstm_gate_gradients(gates, steps.of(cells_before, step), dc, of_output * t, own);
      dc.mul_(gates.narrow(1, cells(), cells()));
      at::mm_out(dh, own, weights_.hidden);
    }
    return {.x = x_wanted ? at::mm(sums, weights_.input) : Tensor(),
            .before = {later_h, later_c},
            .rows = {input.x, rows_before(input.before[0], output.rows, steps), sums, projected, outputs}};
  }

  std::vector<Tensor> weight_gradients(const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    const auto &x = rows[0], &before = rows[1], &sums = rows[2], &projected = rows[3], &outputs = rows[4];
    return {wanted[0] ? at::mm(sums.t(), x) : Tensor(), wanted[1] ? at::mm(sums.t(), before) : Tensor(),
            wanted[2] ? sums.sum(0) : Tensor(), wanted[3] ? sums.sum(0) : Tensor(),
            wanted[4] ? at::mm(projected.t(), outputs) : Tensor()};
  }

 private:
  ProjectedWeights weights_;
};

}  // namespace

void declare(config::Keys& keys, ProjectedLstmOptions& options) {
  keys.add("cells", options.cells, "number H of cells per layer").at_least(1).at_most(1e6);
  keys.add("projection", options.projection, "width P of the state h and of the rows; smaller than H")
      .at_least(1)
      .at_most(1e6);
  declare(keys, options.noise);
}

ProjectedLstm::ProjectedLstm(const Options& options, const LayerContext& context) {
  const int64_t gates = lstm_gates * options.cells;
  const auto& parameters = context.parameters;
  ProjectedWeights weights;
  weights.input = parameters.add("weight_ih", {gates, context.input}, lstm_gate_role(Role::Kind::projection));
  weights.hidden = parameters.add("weight_hh", {gates, options.projection}, lstm_gate_role(Role::Kind::recurrent));
  weights.input_bias = parameters.add("bias_ih", {gates}, lstm_gate_role(Role::Kind::bias));
  weights.hidden_bias = parameters.add("bias_hh", {gates}, lstm_gate_role(Role::Kind::bias, /*second_bias=*/true));
  weights.projection =
      parameters.add("weight_hr", {options.projection, options.cells}, {.kind = Role::Kind::recurrent});
  const auto with_hidden = [weights](const Tensor& hidden) {
    auto changed = weights;
    changed.hidden = hidden;
    return std::make_shared<ProjectedLstmCell>(changed);
  };
  set_cell({with_hidden, weights.hidden}, "a projected LSTM layer", options.noise);
}

}  // namespace seq2seq::nn
