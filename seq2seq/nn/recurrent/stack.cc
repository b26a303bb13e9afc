#include "seq2seq/nn/recurrent/stack.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/nn/recurrent/bidirectional.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, StackOptions& options) {
  keys.add("layers", options.layers, "number L of layers").at_least(1).at_most(64);
  keys.add("residual_from", options.residual_from,
           "first layer, counted from 1, that adds its input to its output; 0: none. Useful in deep stacks")
      .at_least(0);
  keys.rule("residual_from", [&options] {
    if (options.residual_from <= options.layers) return std::string();
    return fmt::format("is {}, but there {} {}", options.residual_from, options.layers == 1 ? "is" : "are",
                       format_count(options.layers, "layer"));
  });
  keys.add("layer_dropout", options.layer_dropout,
           "share of the updates in which each residual layer is left out: its output is then its input")
      .at_least(0)
      .below(1);
  keys.rule("layer_dropout", [&options] {
    return options.layer_dropout > 0 && options.residual_from == 0
               ? "leaves out residual layers, but the stack has none; set `residual_from` to the first residual layer"
               : std::string();
  });
  const auto kind = options.kinds->options(options.layer.kind, options.layer.options);
  options.layer.options = kind.value;
  kind.declare(keys);
}

namespace {

void check_residual(int64_t from, int64_t layer, int64_t input, int64_t width) {
  if (input == width) return;
  throw UsageError(
      fmt::format("`residual_from: {}` adds the input of layer {}, of width {}, to its output, of width {}", from,
                  layer + 1, input, width),
      fmt::format("Make both widths equal, or use `residual_from: {}` or a later layer", layer + 2));
}

}  // namespace

Stack::Stack(const Options& options, const StackContext& context)
    : residual_from_(options.residual_from), layer_dropout_(options.layer_dropout) {
  int64_t input = context.input;
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    parameters_.emplace_back(*this, fmt::format("_l{}", layer), context.place(layer));
    const LayerContext made{.input = input, .parameters = parameters_.back()};
    layers_.push_back(layer < context.bidirectional
                          ? std::make_shared<Bidirectional>(*options.kinds, options.layer, made)
                          : options.kinds->make(options.layer, made));
    const int64_t width = layers_.back()->width();
    if (adds_input(layer))
      check_residual(options.residual_from, layer, input - (layer > 0 ? context.beside : 0), width);
    input = width + context.beside;
  }
}

bool Stack::drops_layer(int64_t layer, Site site, const Draw* draw) const {
  constexpr uint32_t use = 9;  // of the layer's site
  return adds_input(layer) && nn::drops_layer(layer_dropout_, site.within(use), draw);
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

Packed Stack::run_layer(int64_t layer, const Packed& input, State& state, const StackCall& call) const {
  const auto number = static_cast<size_t>(layer);
  const Site site{call.part, static_cast<uint32_t>(layer), call.variational};
  const auto rows = layer > 0 ? dropout(input, call.dropout, site, call.draw) : input;
  const auto* prepared = call.prepared == nullptr ? nullptr : call.prepared->at(number).get();
  const auto device = layers_.at(number)->place().device;
  auto made =
      layers_[number]->run(data::to(rows, device), state, {.draw = call.draw, .site = site, .prepared = prepared});
  // The columns beside the rows of the layer below are not added.
  if (!adds_input(layer)) return made;
  const auto read = input.rows.narrow(1, 0, made.rows.size(1)).to(device);
  made.rows = drops_layer(layer, site, call.draw) ? read : made.rows + read;
  return made;
}

std::vector<std::shared_ptr<const PreparedWeights>> Stack::prepare_steps() const {
  std::vector<std::shared_ptr<const PreparedWeights>> prepared;
  for (const auto& layer : layers_) prepared.push_back(layer->prepare_steps());
  return prepared;
}

Packed Stack::run(const Packed& input, std::vector<State>& states, const StackCall& call) const {
  Packed rows = input;
  for (int64_t layer = 0; layer < layers(); ++layer)
    rows = run_layer(layer, rows, states.at(static_cast<size_t>(layer)), call);
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
