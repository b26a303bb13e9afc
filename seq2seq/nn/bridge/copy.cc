#include "seq2seq/nn/bridge/copy.h"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

namespace {

std::string text_of(const StateShape& shape) {
  std::vector<std::string> parts;
  for (const auto& part : shape)
    parts.push_back(fmt::format("{} of {}{} cells", part.name,
                                part.directions > 1 ? fmt::format("{} x ", part.directions) : "",
                                part.width / part.directions));
  return parts.empty() ? "no state" : fmt::format("{}", fmt::join(parts, " and "));
}

/// A copied state must mean the same in both layers: h stays h, and each part has the same width.
void check_same(const StateShape& from, const StateShape& to, size_t layer) {
  if (from == to) return;
  const bool bidirectional = !from.empty() && from.front().directions > 1;
  throw UsageError(fmt::format("layer {} of the decoder needs {}, but the copied state is {}", layer + 1, text_of(to),
                               text_of(from)),
                   bidirectional ? "Give `model.decoder` the same kind and as many cells as both directions of "
                                   "`model.encoder` have together, or use `model.bridge.kind: linear`"
                                 : "Give `model.encoder` and `model.decoder` the same kind and cells, or use "
                                   "`model.bridge.kind: linear`");
}

}  // namespace

void declare(config::Keys& keys, CopyBridgeOptions& options) {
  using Layers = CopyBridgeOptions::Layers;
  keys.add(
      "layers", options.layers, {{"all", Layers::all}, {"top", Layers::top}},
      "all: each layer's state goes to the same layer of the decoder; top: the top layer's state goes to every layer");
}

CopyBridge::CopyBridge(const Options& options, const BridgeContext& context) : devices_(context.devices) {
  const bool all = options.layers == Options::Layers::all;
  if (context.encoder.empty())
    throw UsageError("the encoder has no last state to copy", "Use `model.bridge.kind: mean`");
  if (all && context.encoder.size() != context.decoder.size()) {
    throw UsageError(
        fmt::format("`layers: all` needs the same number of layers in the decoder ({}) and the encoder ({})",
                    context.decoder.size(), context.encoder.size()),
        "Use the same number in both, `model.bridge.layers: top`, or `model.bridge.kind: linear`");
  }
  for (size_t layer = 0; layer < context.decoder.size(); ++layer) {
    const size_t from = all ? layer : context.encoder.size() - 1;
    check_same(context.encoder[from], context.decoder[layer], layer);
    copied_.push_back(static_cast<int64_t>(from));
  }
}

std::vector<State> CopyBridge::first(const Memory& memory) const {
  std::vector<State> states;
  for (size_t layer = 0; layer < devices_.size(); ++layer) {
    State state;
    for (const auto& tensor : memory.last.at(static_cast<size_t>(copied_[layer])))
      state.push_back(tensor.to(devices_[layer]));
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace seq2seq::nn
