#pragma once

#include <optional>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/state_projection.h"

namespace seq2seq::nn {

struct BackwardBridgeOptions {
  bool bias = false;
};
void declare(config::Keys& keys, BackwardBridgeOptions& options);

/// Starts the decoder from the encoder's backward direction, which read the source's beginning last: s_0 = tanh(W h_1)
/// (Bahdanau et al. 2014, arXiv 1409.0473, A.2.2). h_1 is the state after the first word of the top layer that runs in
/// both directions. Any other part of the state, such as c of an LSTM, is a projection of the same part of that layer.
/// Throws UsageError if no layer of the encoder runs in both directions.
class BackwardBridge final : public Bridge {
 public:
  using Options = BackwardBridgeOptions;
  BackwardBridge(const Options& options, const BridgeContext& context);
  std::vector<State> first(const Memory& memory) const override;

 private:
  std::vector<std::vector<StateColumns>> read_;  // for each part of each layer of the decoder
  std::optional<StateProjection> projection_;
};

}  // namespace seq2seq::nn
