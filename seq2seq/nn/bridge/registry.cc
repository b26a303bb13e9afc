#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/copy.h"

namespace seq2seq::nn {

BridgeRegistry builtin_bridges() {
  BridgeRegistry registry;
  registry.add<CopyBridge>("copy", "the encoder's last state as it is; Sutskever et al. 2014, arXiv 1409.3215");
  return registry;
}

}  // namespace seq2seq::nn
