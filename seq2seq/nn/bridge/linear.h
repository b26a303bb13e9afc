#pragma once

#include <optional>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/state_projection.h"

namespace seq2seq::nn {

struct LinearBridgeOptions {
  enum class Layers { all, top } layers = Layers::all;
  BridgeActivation activation = BridgeActivation::none;
  bool bias = true;
};
void declare(config::Keys& keys, LinearBridgeOptions& options);

/// Each part of the decoder's first state is a projection of the same part of the encoder's last state: W h + b, or its
/// tanh. `all`: of the corresponding layer, or of the top layer if encoder and decoder differ in their number of
/// layers. `top`: always of the top layer. If the encoder has no such part, such as c in a GRU, its h is projected.
/// Works with any widths, kinds and directions. Throws UsageError if the encoder is not recurrent.
class LinearBridge final : public Bridge {
 public:
  using Options = LinearBridgeOptions;
  LinearBridge(const Options& options, const BridgeContext& context);
  std::vector<State> first(const Memory& memory) const override;

 private:
  std::vector<std::vector<StateColumns>> read_;  // for each part of each layer of the decoder
  std::optional<StateProjection> projection_;
};

}  // namespace seq2seq::nn
