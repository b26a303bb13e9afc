#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/state_projection.h"

namespace seq2seq::nn {

struct AttentiveBridgeOptions {
  int64_t units = 256;
  bool bias = false;
};
void declare(config::Keys& keys, AttentiveBridgeOptions& options);

/// Starts the decoder from a sum of the encoder's states with learned weights: a = softmax_i(q' tanh(W h_i)), the
/// self-attentive sentence embedding of Lin et al. 2017 (arXiv 1703.03130, equation 5) with one row, then tanh(V sum_i
/// a_i h_i), with its own projection V for each part of each layer, as in the kind `mean`. The sum of a source without
/// rows is 0. Works with any encoder.
class AttentiveBridge final : public Bridge {
 public:
  using Options = AttentiveBridgeOptions;
  AttentiveBridge(const Options& options, const BridgeContext& context);
  std::vector<State> first(const Memory& memory) const override;

 private:
  c10::Device device_;
  at::Tensor memory_weight_, query_;  // W [A, M], q [A]
  std::optional<StateProjection> projection_;
};

}  // namespace seq2seq::nn
