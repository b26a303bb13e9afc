#pragma once

// Kinds of parts that the library does not have, to test code that works on any kind: a layer and a bridge without a
// pass of their own, a layer that needs all steps, and an encoder that is more than layers.

#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::test {

/// Returns the parts of the library and the layers `tanh` (Elman 1990) and `both_ways` (tanh in both directions; for
/// encoders), the bridge `summary`, the encoder `summed`, and the attention `covering`, which needs earlier weights.
std::shared_ptr<nn::Parts> other_parts();

}  // namespace seq2seq::test
