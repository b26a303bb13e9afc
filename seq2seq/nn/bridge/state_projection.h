#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"

namespace seq2seq::nn {

/// Columns [first, first + width) of one part of one of the encoder's last states.
struct StateColumns {
  size_t layer = 0, part = 0;
  int64_t first = 0, width = 0;
  at::Tensor of(const Memory& memory) const;  // [B, width]
};

/// Returns all columns of the part with this name in the last state of an encoder layer, or of the first part, h, if
/// the layer has no such part.
StateColumns columns_of(const BridgeContext& context, size_t layer, const std::string& part);

/// Returns the widths of these columns, as StateProjection reads them.
std::vector<std::vector<int64_t>> widths_of(const std::vector<std::vector<StateColumns>>& read);

enum class BridgeActivation { none, tanh };

struct StateProjectionOptions {
  BridgeActivation activation = BridgeActivation::tanh;
  bool bias = false;
};

/// Computes W x + b, or its tanh, for each part of each layer of the decoder's first state. The parameters belong to
/// the bridge: weight_h_l0 [H, X], bias_h_l0 [H], weight_c_l0, ...
class StateProjection {
 public:
  /// `read` [L, parts]: the width X of the input of each projection.
  StateProjection(Module& bridge, const BridgeContext& context, const std::vector<std::vector<int64_t>>& read,
                  const StateProjectionOptions& options);
  /// `rows(layer, part)` returns the input rows [B, X] of a part's projection, on any device.
  std::vector<State> states(const std::function<at::Tensor(size_t layer, size_t part)>& rows) const;

 private:
  struct Part {
    at::Tensor weight, bias;
  };
  std::vector<std::vector<Part>> parts_;  // [L, parts]
  std::vector<c10::Device> devices_;      // of the decoder's layers
  BridgeActivation activation_;
};

}  // namespace seq2seq::nn
