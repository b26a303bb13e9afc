#pragma once

#include "seq2seq/nn/bridge/bridge.h"

namespace seq2seq::nn {

struct CopyBridgeOptions {
  enum class Layers { all, top } layers = Layers::all;
};
void declare(config::Keys& keys, CopyBridgeOptions& options);

/// Starts the decoder from the encoder's last state (arXiv 1409.3215, section 2). `all`: each layer from h and c of the
/// same layer of the encoder. `top`: every layer from the state of the encoder's top layer. The state of a
/// bidirectional layer has both directions side by side, so the decoder needs as many cells as both have together.
/// Throws UsageError if shapes differ.
class CopyBridge final : public Bridge {
 public:
  using Options = CopyBridgeOptions;
  CopyBridge(const Options& options, const BridgeContext& context);
  std::vector<State> first(const Memory& memory) const override;
  std::vector<int64_t> copied_layers() const override { return copied_; }

 private:
  std::vector<int64_t> copied_;  // one per layer of the decoder
  std::vector<c10::Device> devices_;
};

}  // namespace seq2seq::nn
