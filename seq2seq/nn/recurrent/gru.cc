#include "seq2seq/nn/recurrent/gru.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/tanh_backward.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

constexpr int64_t gru_gates = 3;  // r z n

struct GruWeights {
  Tensor input, hidden, input_bias, hidden_bias;  // [3H, I], [3H, H], [3H], [3H]
};

class GruCell final : public Cell {
 public:
  explicit GruCell(GruWeights weights) : weights_(std::move(weights)) {}

  std::vector<Tensor> parameters() const override {
    return {weights_.input, weights_.hidden, weights_.input_bias, weights_.hidden_bias};
  }
  int64_t width() const override { return weights_.hidden.size(1); }
  StateShape state_shape() const override { return {{"h", width()}}; }

  CellOutput forward(const CellInput& input, const Steps& steps) const override {
    const auto gate_rows = at::addmm(weights_.input_bias, input.x, weights_.input.t());  // [N, 3H]
    const auto candidates = at::empty({steps.rows(), width()}, input.x.options());       // [N, H]
    const auto rows = at::empty_like(candidates);                                        // [N, H]
    const auto recurrent = weights_.hidden.t();
    Tensor h = input.before[0];
    for (int64_t step = 0; step < steps.count(); ++step) {
      h = h.narrow(0, 0, steps.sentences(step));
      const auto sums = at::addmm(weights_.hidden_bias, h, recurrent);
      const auto own = steps.of(gate_rows, step);
      own.narrow(1, 0, 2 * width()).add_(sums.narrow(1, 0, 2 * width())).sigmoid_();
      const auto candidate = sums.narrow(1, 2 * width(), width());
      steps.of(candidates, step).copy_(candidate);
      auto n = own.narrow(1, 2 * width(), width());
      n.addcmul_(own.narrow(1, 0, width()), candidate).tanh_();
      auto next = steps.of(rows, step);
      at::lerp_out(next, n, h, own.narrow(1, width(), width()));
      h = next;
    }
    return {.rows = rows, .last = {last_rows(rows, steps)}, .kept = {gate_rows, candidates}};
  }

  CellGradient backward(const CellInput& input, const CellOutput& output, const CellOutputGradient& output_gradient,
                        const Steps& steps, bool x_wanted) const override {
    const auto &gate_rows = output.kept[0], &candidates = output.kept[1];
    const auto later = state_gradient(output_gradient, input, 0);
    const auto before = rows_before(input.before[0], output.rows, steps);
    // Inputs and previous state contribute to the gates' sums with different derivatives only in the candidate.
    const auto of_input = at::empty_like(gate_rows), of_hidden = at::empty_like(gate_rows);  // [N, 3H]
    for (int64_t step = steps.count() - 1; step >= 0; --step) {
      auto dh = later.narrow(0, 0, steps.sentences(step));
      if (output_gradient.rows.defined()) dh.add_(steps.of(output_gradient.rows, step));
      const auto gate = steps.of(gate_rows, step).chunk(gru_gates, 1);
      auto sums = steps.of(of_input, step).chunk(gru_gates, 1);
      const auto &r = gate[0], &z = gate[1], &n = gate[2];
      at::tanh_backward_out(sums[2], dh - dh * z, n);
      at::sigmoid_backward_out(sums[1], dh * (steps.of(before, step) - n), z);
      at::sigmoid_backward_out(sums[0], sums[2] * steps.of(candidates, step), r);
      const auto hidden = steps.of(of_hidden, step);
      hidden.narrow(1, 0, 2 * width()).copy_(steps.of(of_input, step).narrow(1, 0, 2 * width()));
      auto candidate = hidden.narrow(1, 2 * width(), width());
      at::mul_out(candidate, sums[2], r);
      dh.mul_(z).addmm_(hidden, weights_.hidden);
    }
    return {.x = x_wanted ? at::mm(of_input, weights_.input) : Tensor(),
            .before = {later},
            .rows = {input.x, before, of_input, of_hidden}};
  }

  std::vector<Tensor> weight_gradients(const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    const auto &x = rows[0], &before = rows[1], &of_input = rows[2], &of_hidden = rows[3];
    return {wanted[0] ? at::mm(of_input.t(), x) : Tensor(), wanted[1] ? at::mm(of_hidden.t(), before) : Tensor(),
            wanted[2] ? of_input.sum(0) : Tensor(), wanted[3] ? of_hidden.sum(0) : Tensor()};
  }

 private:
  GruWeights weights_;
};

}  // namespace

void declare(config::Keys& keys, GruOptions& options) {
  keys.add("cells", options.cells, "number H of cells per layer").at_least(1).at_most(1e6);
  declare_without_recurrent_dropout(keys, options.noise);
}

Gru::Gru(const Options& options, const LayerContext& context) {
  const int64_t cells = options.cells;
  const auto& parameters = context.parameters;
  const auto bias = [](bool second) {
    return Role{.kind = Role::Kind::bias, .gates = gru_gates, .second_bias = second};
  };
  GruWeights weights;
  weights.input = parameters.add("weight_ih", {gru_gates * cells, context.input},
                                 {.kind = Role::Kind::projection, .gates = gru_gates});
  weights.hidden =
      parameters.add("weight_hh", {gru_gates * cells, cells}, {.kind = Role::Kind::recurrent, .gates = gru_gates});
  weights.input_bias = parameters.add("bias_ih", {gru_gates * cells}, bias(/*second=*/false));
  weights.hidden_bias = parameters.add("bias_hh", {gru_gates * cells}, bias(/*second=*/true));
  const auto with_hidden = [weights](const Tensor& hidden) {
    auto changed = weights;
    changed.hidden = hidden;
    return std::make_shared<GruCell>(changed);
  };
  set_cell({with_hidden, weights.hidden}, "a GRU layer", options.noise);
}

}  // namespace seq2seq::nn
