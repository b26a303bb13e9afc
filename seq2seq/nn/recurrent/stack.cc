#include "seq2seq/nn/recurrent/stack.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, StackOptions& options) {
  keys.add("layers", options.layers, "layers L, one above the other").at_least(1).at_most(64);
  keys.add("residual_from", options.residual_from,
           "layers from this one on, counted from 1, add the rows that they read to those that they give; 0: none")
      .at_least(0);
  const auto kind = options.kinds->options(options.layer.kind, options.layer.options);
  options.layer.options = kind.value;
  kind.declare(keys);
}

namespace {

void check_residual(int64_t from, int64_t layer, int64_t input, int64_t width) {
  if (input == width) return;
  throw UsageError(fmt::format("`residual_from: {}` adds what layer {} reads, {} wide, to what it gives, {} wide", from,
                               layer + 1, input, width),
                   fmt::format("Make both widths equal, or use `residual_from: {}` or a later layer", layer + 2));
}

}  // namespace

Stack::Stack(const Options& options, const StackContext& context) : residual_from_(options.residual_from) {
  int64_t input = context.input;
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    parameters_.emplace_back(*this, fmt::format("_l{}", layer), context.place(layer));
    layers_.push_back(options.kinds->make(options.layer, {.input = input, .parameters = parameters_.back()}));
    if (adds_input(layer)) check_residual(options.residual_from, layer, input, layers_.back()->width());
    input = layers_.back()->width();
  }
}

std::vector<StateShape> Stack::state_shapes() const {
  std::vector<StateShape> shapes;
  for (const auto& layer : layers_) shapes.push_back(layer->state_shape());
  return shapes;
}

bool Stack::needs_all_steps() const {
  return std::ranges::any_of(layers_, [](const auto& layer) { return layer->needs_all_steps(); });
}

std::vector<State> Stack::zero_states(int64_t sentences) const {
  std::vector<State> states;
  for (const auto& layer : layers_) states.push_back(layer->zero_state(sentences));
  return states;
}

std::vector<std::shared_ptr<const PreparedWeights>> Stack::prepare() const {
  std::vector<std::shared_ptr<const PreparedWeights>> prepared;
  for (const auto& layer : layers_) prepared.push_back(layer->prepare());
  return prepared;
}

std::vector<std::shared_ptr<const PreparedWeights>> Stack::prepare_steps() const {
  std::vector<std::shared_ptr<const PreparedWeights>> prepared;
  for (const auto& layer : layers_) prepared.push_back(layer->prepare_steps());
  return prepared;
}

Packed Stack::run(const Packed& input, std::vector<State>& states, const StackCall& call) const {
  Packed rows = input;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const auto read = rows;
    const Site site{call.part, static_cast<uint32_t>(layer), call.variational};
    if (layer > 0) rows = dropout(rows, call.dropout, site, call.draw);
    const auto* prepared = call.prepared == nullptr ? nullptr : call.prepared->at(layer).get();
    const auto device = layers_[layer]->place().device;
    rows = layers_[layer]->run(data::to(rows, device), states.at(layer),
                               {.draw = call.draw, .site = site, .prepared = prepared});
    if (adds_input(static_cast<int64_t>(layer))) rows.rows = rows.rows + read.rows.to(device);
  }
  return rows;
}

StackRegistry stacks_of(const std::shared_ptr<const LayerRegistry>& layers) {
  StackRegistry registry;
  for (const auto& kind : layers->names())
    registry.add<Stack>(
        kind, layers->about(kind),
        {.version = layers->version(kind), .defaults = {.kinds = layers, .layer = {.kind = kind, .options = nullptr}}});
  return registry;
}

}  // namespace seq2seq::nn
