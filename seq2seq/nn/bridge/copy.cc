#include "seq2seq/nn/bridge/copy.h"

#include <fmt/format.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, CopyBridgeOptions& options) {
  using Layers = CopyBridgeOptions::Layers;
  keys.add("layers", options.layers, {{"all", Layers::all}, {"top", Layers::top}},
           "whose last state is handed over: each layer's to its counterpart, or the top one's to every layer");
}

CopyBridge::CopyBridge(const Options& options, const BridgeContext& context)
    : layers_(options.layers), devices_(context.devices) {
  if (context.encoder_cells != context.decoder_cells) {
    throw UsageError(fmt::format("a copied state needs as many cells in the decoder ({}) as in the encoder ({})",
                                 context.decoder_cells, context.encoder_cells),
                     "Set `model.encoder.cells` and `model.decoder.cells` alike");
  }
  if (layers_ == Options::Layers::all && context.encoder_layers != context.decoder_layers) {
    throw UsageError(fmt::format("`layers: all` needs as many layers in the decoder ({}) as in the encoder ({})",
                                 context.decoder_layers, context.encoder_layers),
                     "Set both alike, or `model.bridge.layers: top`");
  }
}

std::vector<State> CopyBridge::first(const Memory& memory) const {
  std::vector<State> states;
  for (size_t layer = 0; layer < devices_.size(); ++layer) {
    const State& from = layers_ == Options::Layers::all ? memory.last.at(layer) : memory.last.back();
    State state;
    for (const auto& tensor : from) state.push_back(tensor.to(devices_[layer]));
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace seq2seq::nn
