#include "seq2seq/nn/bridge/attentive.h"
#include "seq2seq/nn/bridge/backward.h"
#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/bridge/copy.h"
#include "seq2seq/nn/bridge/linear.h"
#include "seq2seq/nn/bridge/mean.h"

namespace seq2seq::nn {

BridgeRegistry builtin_bridges() {
  BridgeRegistry registry;
  registry.add<CopyBridge>("copy", "the encoder's last state, unchanged; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<LinearBridge>("linear", "a projection of the encoder's last state");
  registry.add<BackwardBridge>(
      "backward", "tanh of a projection of the backward direction's last state; Bahdanau et al. 2014, arXiv 1409.0473");
  registry.add<MeanBridge>(
      "mean", "tanh of a projection of the mean of the encoder's states; Sennrich et al. 2017, arXiv 1703.04357");
  registry.add<AttentiveBridge>(
      "attentive",
      "tanh of a projection of a learned weighted sum of the encoder's states; Lin et al. 2017, arXiv 1703.03130");
  return registry;
}

}  // namespace seq2seq::nn
