#pragma once

#include <vector>

#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// Encoded batch of sources: everything that a decoder may use.
struct Memory {
  Packed ids;               // [N] the source's ids as read; in a model that copies, target ids of its words
  Packed states;            // [N, M] the top layer's states, in reading order
  std::vector<State> last;  // [L] each layer's state at each sentence's own last step; empty if not recurrent
  int64_t sentences() const { return states.sentences(); }
};

}  // namespace seq2seq::nn
