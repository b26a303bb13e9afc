// A program with all that `seq2seq` does, and a bridge of its own: `model.bridge: {kind: projection, ...}`.

#include <cstddef>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include "seq2seq/cli/command.h"
#include "seq2seq/config/keys.h"
#include "seq2seq/nn/bridge/bridge.h"

namespace {

using seq2seq::nn::BridgeContext;
using seq2seq::nn::Memory;
using seq2seq::nn::Role;
using seq2seq::nn::State;

struct ProjectionOptions {
  bool bias = true;
};

/// The keys of the kind: `seq2seq config reference` and the checks of a configuration come from here.
void declare(seq2seq::config::Keys& keys, ProjectionOptions& options) {
  keys.add("bias", options.bias, "whether a constant is added to each projected value");
}

/// Starts every layer of the decoder from a learned linear map of the last state of the encoder's top layer, each part
/// (h and c of an LSTM) by its own, so that encoder and decoder may differ in layers and cells.
class Projection final : public seq2seq::nn::Bridge {
 public:
  using Options = ProjectionOptions;

  Projection(const Options& options, const BridgeContext& context) : devices_(context.devices) {
    for (std::size_t layer = 0; layer < context.decoder.size(); ++layer) {
      auto& maps = layers_.emplace_back();
      for (std::size_t part = 0; part < context.decoder[layer].size(); ++part) {
        const auto& to = context.decoder[layer][part];
        const auto& from = context.encoder.back().at(part);
        const auto name = to.name + std::to_string(layer);
        auto& map = maps.emplace_back();
        // The values are drawn with those of all other parameters, by `model.initial_range`.
        map.weight = add_parameter("weight_" + name, {to.width, from.width}, {}, context.place);
        if (options.bias)
          map.bias = add_parameter("bias_" + name, {to.width}, {.kind = Role::Kind::bias}, context.place);
      }
    }
  }

  std::vector<State> first(const Memory& memory) const override {
    std::vector<State> states;
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      auto& state = states.emplace_back();
      for (std::size_t part = 0; part < layers_[layer].size(); ++part)
        state.push_back(layers_[layer][part](memory.last.back().at(part)).to(devices_[layer]));
    }
    return states;
  }

 private:
  struct Map {
    at::Tensor weight, bias;  // [H of the decoder, H of the encoder], [H of the decoder] or undefined

    at::Tensor operator()(const at::Tensor& from) const {  // [B, H of the encoder] -> [B, H of the decoder]
      const auto x = from.to(weight.device());
      return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
    }
  };

  std::vector<c10::Device> devices_;
  std::vector<std::vector<Map>> layers_;  // a map for each part of a layer's state
};

}  // namespace

int main(int count, char** words) {
  auto registries = seq2seq::run::builtin_registries();
  registries.parts->bridges.add<Projection>("projection", "a learned linear map of the encoder's last state");
  return seq2seq::cli::run(count, words, registries);
}
