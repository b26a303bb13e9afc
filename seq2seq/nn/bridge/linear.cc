#include "seq2seq/nn/bridge/linear.h"

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, LinearBridgeOptions& options) {
  using Layers = LinearBridgeOptions::Layers;
  keys.add("layers", options.layers, {{"all", Layers::all}, {"top", Layers::top}},
           "all: project each layer's state for the same layer of the decoder (the top layer's state if the numbers of "
           "layers differ); top: project the top layer's state for every layer");
  keys.add("activation", options.activation, {{"none", BridgeActivation::none}, {"tanh", BridgeActivation::tanh}},
           "activation after the projection");
  keys.add("bias", options.bias, "add a bias to the projection");
}

LinearBridge::LinearBridge(const Options& options, const BridgeContext& context) {
  if (context.encoder.empty())
    throw UsageError("the encoder has no last state to project", "Use `model.bridge.kind: mean`");
  const bool own = options.layers == Options::Layers::all && context.encoder.size() == context.decoder.size();
  for (size_t layer = 0; layer < context.decoder.size(); ++layer) {
    auto& read = read_.emplace_back();
    for (const auto& part : context.decoder[layer])
      read.push_back(columns_of(context, own ? layer : context.encoder.size() - 1, part.name));
  }
  projection_.emplace(*this, context, widths_of(read_),
                      StateProjectionOptions{.activation = options.activation, .bias = options.bias});
}

std::vector<State> LinearBridge::first(const Memory& memory) const {
  return projection_->states([&](size_t layer, size_t part) { return read_[layer][part].of(memory); });
}

}  // namespace seq2seq::nn
