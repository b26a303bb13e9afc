#include "seq2seq/nn/recurrent/lstm.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/lstm_gates.h"
#include "seq2seq/nn/recurrent/lstm_sequence.h"

namespace seq2seq::nn {

namespace {

/// Returns the panels made by prepare() or prepare_steps().
const LstmPanels* panels_of(const LayerCall& call) {
  if (call.prepared == nullptr) return nullptr;
  return &dynamic_cast<const LstmPrepared&>(*dynamic_cast<const CellPrepared&>(*call.prepared).panels).panels;
}

}  // namespace

void declare(config::Keys& keys, LstmOptions& options) {
  keys.add("cells", options.cells, "number H of cells per layer").at_least(1).at_most(1e6);
  declare(keys, options.noise);
}

Lstm::Lstm(const Options& options, const LayerContext& context) {
  const int64_t cells = options.cells, gates = lstm_gates * cells;
  const auto& parameters = context.parameters;
  weights_.input = parameters.add("weight_ih", {gates, context.input}, lstm_gate_role(Role::Kind::projection));
  weights_.hidden = parameters.add("weight_hh", {gates, cells}, lstm_gate_role(Role::Kind::recurrent));
  weights_.input_bias = parameters.add("bias_ih", {gates}, lstm_gate_role(Role::Kind::bias));
  weights_.hidden_bias = parameters.add("bias_hh", {gates}, lstm_gate_role(Role::Kind::bias, /*second_bias=*/true));
  const auto with_hidden = [weights = weights_](const at::Tensor& hidden) {
    auto changed = weights;
    changed.hidden = hidden;
    return lstm_cell(changed);
  };
  set_cell({with_hidden, weights_.hidden}, "an LSTM layer", options.noise);
}

std::unique_ptr<LayerPass> Lstm::pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                      const LayerCall& call) const {
  if (noise().acts(call.draw)) return nullptr;
  return lstm_sequence(weights_, panels_of(call), std::move(layout), std::move(rows), first);
}

}  // namespace seq2seq::nn
