#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// A call of a layer, and the gradients that reached its outputs.
struct WatchedCall {
  Packed input;  // [N, I]
  State before;
  at::Tensor rows_gradient;  // [N, W] gradient of the output rows; undefined: none
  State state_gradient;      // gradient of the state after the call; undefined parts: none
  int64_t first_step = 0;    // first step of the input, among the steps of the batch
};

/// A layer and its calls.
struct LayerWatch {
  std::string kind;  // `lstm`
  std::shared_ptr<Layer> layer;
  std::vector<at::Tensor> parameters;  // in order of registration
  std::vector<std::shared_ptr<WatchedCall>> calls;
};

using LayerWatches = std::vector<std::shared_ptr<LayerWatch>>;

/// Returns a registry of the same kinds. Each layer that it makes adds itself to `watches` and records all its calls
/// there; so do outlines, which are never called. A bidirectional layer counts as two layers.
LayerRegistry watched(const LayerRegistry& kinds, const std::shared_ptr<LayerWatches>& watches);

}  // namespace seq2seq::nn
