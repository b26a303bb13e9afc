#pragma once

#include <optional>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/state_projection.h"

namespace seq2seq::nn {

struct MeanBridgeOptions {
  bool bias = false;
};
void declare(config::Keys& keys, MeanBridgeOptions& options);

/// Starts the decoder from the mean of the encoder's states over each source: s_0 = tanh(W mean_i h_i), with its own
/// projection W for each part of each layer (Sennrich et al. 2017, arXiv 1703.04357, section 2). The mean of a source
/// without rows is 0. Works with any encoder.
class MeanBridge final : public Bridge {
 public:
  using Options = MeanBridgeOptions;
  MeanBridge(const Options& options, const BridgeContext& context);
  std::vector<State> first(const Memory& memory) const override;

 private:
  c10::Device device_;
  std::optional<StateProjection> projection_;
};

}  // namespace seq2seq::nn
