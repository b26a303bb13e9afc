#include "seq2seq/nn/bridge/linear.h"

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, LinearBridgeOptions& options) {
  using Layers = LinearBridgeOptions::Layers;
  keys.add("layers", options.layers, {{"all", Layers::all}, {"top", Layers::top}},
           "whose last state is projected: each layer's for its counterpart, or the top one's for every layer; the top "
           "one's, too, where encoder and decoder have different numbers of layers");
  keys.add("activation", options.activation, {{"none", BridgeActivation::none}, {"tanh", BridgeActivation::tanh}},
           "what follows the projection");
  keys.add("bias", options.bias, "whether the projection has a bias");
}

LinearBridge::LinearBridge(const Options& options, const BridgeContext& context) {
  if (context.encoder.empty())
    throw UsageError("the encoder leaves no last state that could be projected", "Use `model.bridge.kind: mean`");
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
