#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/model/memory.h"

namespace seq2seq::nn {

/// The two stacks a bridge stands between.
struct BridgeContext {
  int64_t encoder_layers = 0, encoder_cells = 0;
  int64_t decoder_layers = 0, decoder_cells = 0;
  std::vector<c10::Device> devices;  // of the decoder's layers
};

/// Makes the decoder's first state from what the encoder leaves. Belongs to the recurrent decoder.
class Bridge : public torch::nn::Module {
 public:
  /// One state a decoder layer, for the sentences of the memory, in their order.
  virtual std::vector<State> first(const Memory& memory) const = 0;
};

using BridgeRegistry = Registry<Bridge, const BridgeContext&>;
BridgeRegistry builtin_bridges();  // copy

}  // namespace seq2seq::nn
