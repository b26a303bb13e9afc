#pragma once

#include "seq2seq/nn/bridge/bridge.h"

namespace seq2seq::nn {

struct CopyBridgeOptions {
  enum class Layers { all, top } layers = Layers::all;
};
void declare(config::Keys& keys, CopyBridgeOptions& options);

/// The decoder starts from the encoder's last state (arXiv 1409.3215, section 2). `all`: each layer from its own
/// counterpart, h and c. `top`: every layer from the state of the encoder's top one. The state of a bidirectional layer
/// is that of both directions side by side, so the decoder needs as many cells as both have together. Throws UsageError
/// where shapes differ.
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
