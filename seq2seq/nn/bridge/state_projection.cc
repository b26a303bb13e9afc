#include "seq2seq/nn/bridge/state_projection.h"

#include <algorithm>

#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>
#include <fmt/format.h>

namespace seq2seq::nn {

at::Tensor StateColumns::of(const Memory& memory) const {
  return memory.last.at(layer).at(part).narrow(1, first, width);
}

StateColumns columns_of(const BridgeContext& context, size_t layer, const std::string& part) {
  const auto& shape = context.encoder.at(layer);
  const auto found = std::ranges::find(shape, part, &StatePart::name);
  const auto number = found == shape.end() ? 0 : static_cast<size_t>(found - shape.begin());
  return {.layer = layer, .part = number, .first = 0, .width = shape.at(number).width};
}

std::vector<std::vector<int64_t>> widths_of(const std::vector<std::vector<StateColumns>>& read) {
  std::vector<std::vector<int64_t>> widths;
  for (const auto& layer : read) {
    auto& of_layer = widths.emplace_back();
    for (const auto& columns : layer) of_layer.push_back(columns.width);
  }
  return widths;
}

StateProjection::StateProjection(Module& bridge, const BridgeContext& context,
                                 const std::vector<std::vector<int64_t>>& read, const StateProjectionOptions& options)
    : devices_(context.devices), activation_(options.activation) {
  for (size_t layer = 0; layer < context.decoder.size(); ++layer) {
    auto& parts = parts_.emplace_back();
    const auto& shape = context.decoder[layer];
    for (size_t number = 0; number < shape.size(); ++number) {
      const auto& part = shape[number];
      auto& made = parts.emplace_back();
      made.weight =
          bridge.add_parameter(fmt::format("weight_{}_l{}", part.name, layer), {part.width, read.at(layer).at(number)},
                               {.kind = Role::Kind::projection}, context.place);
      if (options.bias)
        made.bias = bridge.add_parameter(fmt::format("bias_{}_l{}", part.name, layer), {part.width},
                                         {.kind = Role::Kind::bias}, context.place);
    }
  }
}

std::vector<State> StateProjection::states(const std::function<at::Tensor(size_t layer, size_t part)>& rows) const {
  std::vector<State> states;
  for (size_t layer = 0; layer < parts_.size(); ++layer) {
    auto& state = states.emplace_back();
    for (size_t part = 0; part < parts_[layer].size(); ++part) {
      const auto& [weight, bias] = parts_[layer][part];
      auto projected = at::linear(rows(layer, part).to(weight.device()), weight, bias);
      if (activation_ == BridgeActivation::tanh) projected = at::tanh(projected);
      state.push_back(projected.to(devices_.at(layer)));
    }
  }
  return states;
}

}  // namespace seq2seq::nn
