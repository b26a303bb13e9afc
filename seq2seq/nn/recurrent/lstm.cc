#include "seq2seq/nn/recurrent/lstm.h"

#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/lstm_sequence.h"

namespace seq2seq::nn {

namespace {

struct LstmPrepared final : PreparedWeights {
  explicit LstmPrepared(LstmPanels made) : panels(std::move(made)) {}
  LstmPanels panels;
};

const LstmPanels* panels_of(const LayerCall& call) {
  return call.prepared == nullptr ? nullptr : &dynamic_cast<const LstmPrepared&>(*call.prepared).panels;
}

constexpr int64_t gates = 4;  // i f g o
constexpr int64_t forget_gate = 1;

Role bias(bool second) {
  return {.kind = Role::Kind::bias, .gates = gates, .forget_gate = forget_gate, .second_bias = second};
}

}  // namespace

void declare(config::Keys& keys, LstmOptions& options) {
  keys.add("cells", options.cells, "cells H of each layer").at_least(1);
}

Lstm::Lstm(const Options& options, const LayerContext& context) : cells_(options.cells) {
  const auto& parameters = context.parameters;
  weights_.input = parameters.add("weight_ih", {gates * cells_, context.input},
                                  {.kind = Role::Kind::projection, .gates = gates, .forget_gate = forget_gate});
  weights_.hidden = parameters.add("weight_hh", {gates * cells_, cells_},
                                   {.kind = Role::Kind::recurrent, .gates = gates, .forget_gate = forget_gate});
  weights_.input_bias = parameters.add("bias_ih", {gates * cells_}, bias(/*second=*/false));
  weights_.hidden_bias = parameters.add("bias_hh", {gates * cells_}, bias(/*second=*/true));
}

ParameterPlace Lstm::place() const {
  return {.device = weights_.hidden.device(), .type = weights_.hidden.scalar_type()};
}

std::shared_ptr<const PreparedWeights> Lstm::prepare() const {
  return std::make_shared<LstmPrepared>(lstm_panels(weights_));
}

Packed Lstm::run(const Packed& chunk, State& state, const LayerCall& call) const {
  check_shape(chunk.rows, {chunk.layout->rows(), weights_.input.size(1)}, "rows for an LSTM layer [N, I]");
  check_shape(state.at(0), {chunk.sentences(), cells_}, "state h of an LSTM layer [B, H]");
  if (chunk.layout->steps() == 0) return chunk.with(chunk.rows.new_zeros({0, cells_}));
  const auto order = chunk.layout->order();
  const auto result = lstm_layer(chunk.rows, chunk.layout->running, state[0].index_select(0, order),
                                 state[1].index_select(0, order), weights_, panels_of(call));
  state[0] = state[0].index_copy(0, order, result.hidden);
  state[1] = state[1].index_copy(0, order, result.cell);
  return chunk.with(result.rows);
}

std::unique_ptr<LayerPass> Lstm::pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                      const LayerCall& call) const {
  return lstm_sequence(weights_, panels_of(call), std::move(layout), std::move(rows), first);
}

}  // namespace seq2seq::nn
