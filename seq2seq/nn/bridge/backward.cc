#include "seq2seq/nn/bridge/backward.h"

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

/// The top layer that runs in both directions.
size_t bidirectional_layer(const BridgeContext& context) {
  for (size_t layer = context.encoder.size(); layer-- > 0;) {
    const auto& shape = context.encoder[layer];
    if (!shape.empty() && shape.front().directions == 2) return layer;
  }
  throw UsageError(
      "the bridge `backward` reads the encoder's backward direction, but the encoder runs in one direction",
      "Use `model.encoder.bidirectional: all`, or `model.bridge.kind: linear`");
}

}  // namespace

void declare(config::Keys& keys, BackwardBridgeOptions& options) {
  keys.add("bias", options.bias, "add a bias to the projection; the paper has none");
}

BackwardBridge::BackwardBridge(const Options& options, const BridgeContext& context) {
  const size_t from = bidirectional_layer(context);
  for (const auto& shape : context.decoder) {
    auto& read = read_.emplace_back();
    for (const auto& part : shape) {
      auto columns = columns_of(context, from, part.name);
      columns.width /= 2;
      columns.first = columns.width;
      read.push_back(columns);
    }
  }
  projection_.emplace(*this, context, widths_of(read_), StateProjectionOptions{.bias = options.bias});
}

std::vector<State> BackwardBridge::first(const Memory& memory) const {
  return projection_->states([&](size_t layer, size_t part) { return read_[layer][part].of(memory); });
}

}  // namespace seq2seq::nn
