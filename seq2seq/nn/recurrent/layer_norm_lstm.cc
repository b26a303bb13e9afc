#include "seq2seq/nn/recurrent/layer_norm_lstm.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/lstm_gates.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

constexpr double epsilon = 1e-5;

/// Gain and bias of a normalization.
struct Norm {
  Tensor gain, bias;
};

/// Rows before a normalization, with the mean and the inverse deviation of each.
struct NormRows {
  Tensor rows, mean, scale;  // [N, W], [N, 1], [N, 1]
  NormRows of(const Steps& steps, int64_t step) const {
    return {steps.of(rows, step), steps.of(mean, step), steps.of(scale, step)};
  }
};

NormRows empty_norm_rows(int64_t rows, int64_t width, const at::TensorOptions& options) {
  return {at::empty({rows, width}, options), at::empty({rows, 1}, options), at::empty({rows, 1}, options)};
}

/// Normalizes `made.rows` and fills in its mean and scale.
Tensor normalize(const Norm& norm, const NormRows& made) {
  const auto [result, mean, scale] =
      at::native_layer_norm(made.rows, {made.rows.size(1)}, norm.gain, norm.bias, epsilon);
  made.mean.copy_(mean);
  made.scale.copy_(scale);
  return result;
}

struct NormGradient {
  Tensor rows, gain, bias;  // [N, W], [W], [W]
};
NormGradient normalize_backward(const Norm& norm, const NormRows& made, const Tensor& output_gradient) {
  auto [rows, gain, bias] = at::native_layer_norm_backward(output_gradient, made.rows, {made.rows.size(1)}, made.mean,
                                                           made.scale, norm.gain, norm.bias, {true, true, true});
  return {std::move(rows), std::move(gain), std::move(bias)};
}

struct NormedWeights {
  Tensor input, hidden;  // [4H, I], [4H, H]
  Norm of_input, of_hidden, of_cell;
};

class LayerNormLstmCell final : public Cell {
 public:
  explicit LayerNormLstmCell(NormedWeights weights) : weights_(std::move(weights)) {}

  std::vector<Tensor> parameters() const override {
    const auto& w = weights_;
    return {w.input,          w.hidden,         w.of_input.gain, w.of_input.bias,
            w.of_hidden.gain, w.of_hidden.bias, w.of_cell.gain,  w.of_cell.bias};
  }
  int64_t width() const override { return weights_.hidden.size(1); }
  StateShape state_shape() const override { return {{"h", width()}, {"c", width()}}; }

  CellOutput forward(const CellInput& input, const Steps& steps) const override {
    auto kept = empty_kept(steps, input.x);
    at::mm_out(kept.input.rows, input.x, weights_.input.t());
    kept.gates = normalize(weights_.of_input, kept.input);
    const auto rows = at::empty_like(kept.cell.rows);
    const auto recurrent = weights_.hidden.t();
    Tensor h = input.before[0], c = input.before[1];
    for (int64_t step = 0; step < steps.count(); ++step) {
      const int64_t sentences = steps.sentences(step);
      auto hidden = kept.hidden.of(steps, step), cell = kept.cell.of(steps, step);
      at::mm_out(hidden.rows, h.narrow(0, 0, sentences), recurrent);
      const auto gates = steps.of(kept.gates, step);
      gates.add_(normalize(weights_.of_hidden, hidden));
      lstm_activate(gates);
      lstm_next_cell(gates, c.narrow(0, 0, sentences), cell.rows);
      const auto tanh = steps.of(kept.tanh, step);
      tanh.copy_(normalize(weights_.of_cell, cell).tanh_());
      auto next = steps.of(rows, step);
      at::mul_out(next, gates.narrow(1, 3 * width(), width()), tanh);
      h = next;
      c = cell.rows;
    }
    return {.rows = rows, .last = {last_rows(rows, steps), last_rows(kept.cell.rows, steps)}, .kept = kept.all()};
  }

  CellGradient backward(const CellInput& input, const CellOutput& output, const CellOutputGradient& output_gradient,
                        const Steps& steps, bool x_wanted) const override {
    const Kept kept(output.kept);
    const auto later_h = state_gradient(output_gradient, input, 0), later_c = state_gradient(output_gradient, input, 1);
    const auto cells_before = rows_before(input.before[1], kept.cell.rows, steps);
    const auto sums = at::empty_like(kept.gates), of_hidden = at::empty_like(kept.gates);
    const auto hidden_gain = at::zeros_like(weights_.of_hidden.gain), cell_gain = at::zeros_like(weights_.of_cell.gain),
               cell_bias = at::zeros_like(weights_.of_cell.bias);
    for (int64_t step = steps.count() - 1; step >= 0; --step) {
      auto dh = later_h.narrow(0, 0, steps.sentences(step)), dc = later_c.narrow(0, 0, steps.sentences(step));
      if (output_gradient.rows.defined()) dh.add_(steps.of(output_gradient.rows, step));
      const auto gates = steps.of(kept.gates, step), t = steps.of(kept.tanh, step);
      const auto cell = normalize_backward(weights_.of_cell, kept.cell.of(steps, step),
                                           at::tanh_backward(dh * gates.narrow(1, 3 * width(), width()), t));
      dc.add_(cell.rows);
      const auto own = steps.of(sums, step);
      lstm_gate_gradients(gates, steps.of(cells_before, step), dc, dh * t, own);
      dc.mul_(gates.narrow(1, width(), width()));
      const auto hidden = normalize_backward(weights_.of_hidden, kept.hidden.of(steps, step), own);
      steps.of(of_hidden, step).copy_(hidden.rows);
      at::mm_out(dh, hidden.rows, weights_.hidden);
      hidden_gain.add_(hidden.gain);
      cell_gain.add_(cell.gain);
      cell_bias.add_(cell.bias);
    }
    const auto in = normalize_backward(weights_.of_input, kept.input, sums);
    const auto row = [](const Tensor& sum) { return sum.unsqueeze(0); };  // one row per call, to be summed
    return {.x = x_wanted ? at::mm(in.rows, weights_.input) : Tensor(),
            .before = {later_h, later_c},
            .rows = {input.x, rows_before(input.before[0], output.rows, steps), in.rows, of_hidden, row(in.gain),
                     row(in.bias), row(hidden_gain), row(cell_gain), row(cell_bias)}};
  }

  std::vector<Tensor> weight_gradients(const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    const auto sum = [&](size_t parameter, size_t number) {
      return wanted[parameter] ? rows[number].sum(0) : Tensor();
    };
    const auto product = [&](size_t parameter, size_t output_gradient, size_t number) {
      return wanted[parameter] ? at::mm(rows[output_gradient].t(), rows[number]) : Tensor();
    };
    // The biases of both sums have the same derivative.
    return {product(0, 2, 0), product(1, 3, 1), sum(2, 4), sum(3, 5), sum(4, 6), sum(5, 5), sum(6, 7), sum(7, 8)};
  }

 private:
  struct Kept {
    Kept() = default;
    explicit Kept(const std::vector<Tensor>& all)
        : input{all[0], all[1], all[2]},
          hidden{all[3], all[4], all[5]},
          cell{all[6], all[7], all[8]},
          gates(all[9]),
          tanh(all[10]) {}
    std::vector<Tensor> all() const {
      return {input.rows, input.mean, input.scale, hidden.rows, hidden.mean, hidden.scale,
              cell.rows,  cell.mean,  cell.scale,  gates,       tanh};
    }
    NormRows input, hidden, cell;  // before their normalization: x W_ih', h' W_hh' and c
    Tensor gates, tanh;            // [N, 4H] after their activations, [N, H] of c after its normalization
  };

  Kept empty_kept(const Steps& steps, const Tensor& x) const {
    Kept kept;
    kept.input = empty_norm_rows(steps.rows(), weights_.input.size(0), x.options());
    kept.hidden = empty_norm_rows(steps.rows(), weights_.hidden.size(0), x.options());
    kept.cell = empty_norm_rows(steps.rows(), width(), x.options());
    kept.tanh = at::empty_like(kept.cell.rows);
    return kept;
  }

  NormedWeights weights_;
};

}  // namespace

void declare(config::Keys& keys, LayerNormLstmOptions& options) {
  keys.add("cells", options.cells, "number H of cells per layer").at_least(1).at_most(1e6);
  declare(keys, options.noise);
}

LayerNormLstm::LayerNormLstm(const Options& options, const LayerContext& context) {
  const int64_t cells = options.cells, gates = lstm_gates * cells;
  const auto& parameters = context.parameters;
  const auto gain = [&](const std::string& name, int64_t width) {
    return parameters.add(name, {width}, {.kind = Role::Kind::scale, .start = 1});
  };
  NormedWeights weights;
  weights.input = parameters.add("weight_ih", {gates, context.input}, lstm_gate_role(Role::Kind::projection));
  weights.hidden = parameters.add("weight_hh", {gates, cells}, lstm_gate_role(Role::Kind::recurrent));
  weights.of_input.gain = gain("gain_ih", gates);
  weights.of_input.bias = parameters.add("bias_ih", {gates}, lstm_gate_role(Role::Kind::bias));
  weights.of_hidden.gain = gain("gain_hh", gates);
  weights.of_hidden.bias = parameters.add("bias_hh", {gates}, lstm_gate_role(Role::Kind::bias, /*second_bias=*/true));
  weights.of_cell.gain = gain("gain_c", cells);
  weights.of_cell.bias = parameters.add("bias_c", {cells}, {.kind = Role::Kind::bias, .start = 0});
  const auto with_hidden = [weights](const Tensor& hidden) {
    auto changed = weights;
    changed.hidden = hidden;
    return std::make_shared<LayerNormLstmCell>(changed);
  };
  set_cell({with_hidden, weights.hidden}, "a layer-normalized LSTM layer", options.noise);
}

}  // namespace seq2seq::nn
