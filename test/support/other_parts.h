#pragma once

// Kinds of parts that the tree does not have, so that what works on any kind is tested on more than it holds: a layer
// and a bridge without a pass of their own, a layer that needs all steps, and an encoder that is more than layers.

#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::test {

/// Layers `tanh` (Elman 1990) and `both_ways` (tanh in either direction; for encoders), the bridge `summary`, and the
/// encoder `summed`, and the attention `covering`, which needs the weights of earlier steps, beside those of the tree.
std::shared_ptr<nn::Parts> other_parts();

}  // namespace seq2seq::test
