#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// Encoder and decoder that a bridge connects. `encoder`: the shapes of the encoder's last states, with the number of
/// directions of each part; empty if the encoder is not recurrent. `decoder`: the shapes of the states that the decoder
/// starts from.
struct BridgeContext {
  std::vector<StateShape> encoder, decoder;
  int64_t memory = 0;                // M: width of Memory::states
  ParameterPlace place;              // of the bridge's own parameters
  std::vector<c10::Device> devices;  // of the decoder's layers
};

/// Computes the decoder's first state from the results of the encoder. Belongs to the recurrent decoder.
class Bridge : public Module {
 public:
  /// Returns one state per decoder layer, on its device, for the sentences of the memory, in their order.
  virtual std::vector<State> first(const Memory& memory) const = 0;
  /// For each layer of the decoder, the encoder's layer from which it starts with an unchanged last state. These states
  /// can be passed on one by one, before the encoder has finished. Empty: first() computes the states.
  virtual std::vector<int64_t> copied_layers() const { return {}; }
};

using BridgeRegistry = Registry<Bridge, const BridgeContext&>;
BridgeRegistry builtin_bridges();  // copy, linear, backward, mean, attentive

}  // namespace seq2seq::nn
