#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/memory.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// Encoder and decoder that a bridge connects. `encoder`: the shapes of the encoder's last states, whose parts tell how
/// many directions they come from; empty where nothing recurs. `decoder`: those of the states that the decoder starts
/// from.
struct BridgeContext {
  std::vector<StateShape> encoder, decoder;
  int64_t memory = 0;                // M: width of Memory::states
  ParameterPlace place;              // of the bridge's own parameters
  std::vector<c10::Device> devices;  // of the decoder's layers
};

/// Makes the decoder's first state from what the encoder leaves. Belongs to the recurrent decoder.
class Bridge : public Module {
 public:
  /// One state a decoder layer, on its device, for the sentences of the memory, in their order.
  virtual std::vector<State> first(const Memory& memory) const = 0;
  /// The encoder's layer whose last state each layer of the decoder starts from as it is: those states can be handed
  /// over one by one, before the encoder is done. Empty: first() computes.
  virtual std::vector<int64_t> copied_layers() const { return {}; }
};

using BridgeRegistry = Registry<Bridge, const BridgeContext&>;
BridgeRegistry builtin_bridges();  // copy, linear, backward, mean, attentive

}  // namespace seq2seq::nn
