#include "seq2seq/nn/recurrent/lstm.h"

#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

namespace seq2seq::nn {

namespace {

struct LstmStackPanels final : PreparedWeights {
  std::vector<LstmPanels> layers;
};

}  // namespace

Lstm::Lstm(const Options& options, const StackContext& context) : cells_(options.cells) {
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    const auto parameter = [&](const char* name, at::IntArrayRef shape) {
      return register_parameter(fmt::format("{}_l{}", name, layer),
                                at::zeros(shape, at::TensorOptions(at::kFloat).device(context.device(layer))));
    };
    const int64_t below = layer == 0 ? context.input : cells_;
    weights_.push_back({.input = parameter("weight_ih", {4 * cells_, below}),
                        .hidden = parameter("weight_hh", {4 * cells_, cells_}),
                        .input_bias = parameter("bias_ih", {4 * cells_}),
                        .hidden_bias = parameter("bias_hh", {4 * cells_})});
  }
}

c10::Device Lstm::device(int64_t layer) const { return weights_.at(static_cast<size_t>(layer)).hidden.device(); }

State Lstm::zero(int64_t layer, int64_t sentences) const {
  const auto options = weights_.at(static_cast<size_t>(layer)).hidden.options().requires_grad(false);
  return {at::zeros({sentences, cells_}, options), at::zeros({sentences, cells_}, options)};
}

std::shared_ptr<const PreparedWeights> Lstm::prepare() const {
  auto prepared = std::make_shared<LstmStackPanels>();
  for (const auto& weights : weights_) prepared->layers.push_back(lstm_panels(weights));
  return prepared;
}

Packed Lstm::run_layer(int64_t layer, const Packed& chunk, State& state, const PreparedWeights* prepared) const {
  const auto& weights = weights_.at(static_cast<size_t>(layer));
  check_shape(chunk.rows, {chunk.layout->rows(), weights.input.size(1)}, "rows for an LSTM layer [N, I]");
  check_shape(state.at(0), {chunk.sentences(), cells_}, "state h of an LSTM layer [B, H]");
  if (chunk.layout->steps() == 0) return chunk.with(chunk.rows.new_zeros({0, cells_}));
  const auto order = chunk.layout->order();
  const auto* panels = prepared == nullptr
                           ? nullptr
                           : &dynamic_cast<const LstmStackPanels&>(*prepared).layers[static_cast<size_t>(layer)];
  const auto result = lstm_layer(chunk.rows, chunk.layout->running, state[0].index_select(0, order),
                                 state[1].index_select(0, order), weights, panels);
  state[0] = state[0].index_copy(0, order, result.hidden);
  state[1] = state[1].index_copy(0, order, result.cell);
  return chunk.with(result.rows);
}

}  // namespace seq2seq::nn
