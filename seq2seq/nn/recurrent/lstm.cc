#include "seq2seq/nn/recurrent/lstm.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/recurrent/lstm_sequence.h"

namespace seq2seq::nn {

namespace {

/// The panels in what prepare() or prepare_steps() made.
const LstmPanels* panels_of(const LayerCall& call) {
  if (call.prepared == nullptr) return nullptr;
  return &dynamic_cast<const LstmPrepared&>(*dynamic_cast<const CellPrepared&>(*call.prepared).panels).panels;
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

Lstm::Lstm(const Options& options, const LayerContext& context) {
  const int64_t cells = options.cells;
  const auto& parameters = context.parameters;
  weights_.input = parameters.add("weight_ih", {gates * cells, context.input},
                                  {.kind = Role::Kind::projection, .gates = gates, .forget_gate = forget_gate});
  weights_.hidden = parameters.add("weight_hh", {gates * cells, cells},
                                   {.kind = Role::Kind::recurrent, .gates = gates, .forget_gate = forget_gate});
  weights_.input_bias = parameters.add("bias_ih", {gates * cells}, bias(/*second=*/false));
  weights_.hidden_bias = parameters.add("bias_hh", {gates * cells}, bias(/*second=*/true));
  set_cell(lstm_cell(weights_), "an LSTM layer");
}

std::unique_ptr<LayerPass> Lstm::pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                      const LayerCall& call) const {
  return lstm_sequence(weights_, panels_of(call), std::move(layout), std::move(rows), first);
}

}  // namespace seq2seq::nn
