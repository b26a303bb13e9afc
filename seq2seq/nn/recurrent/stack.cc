#include "seq2seq/nn/recurrent/stack.h"

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, StackOptions& options) {
  keys.add("layers", options.layers, "layers L, one above the other").at_least(1).at_most(64);
  keys.add("cells", options.cells, "cells H of each layer").at_least(1);
}

std::vector<State> Stack::zero_states(int64_t sentences) const {
  std::vector<State> states;
  for (int64_t layer = 0; layer < layers(); ++layer) states.push_back(zero(layer, sentences));
  return states;
}

Packed Stack::run(const Packed& input, std::vector<State>& states, double share, Site::Part part, const Draw* draw,
                  const PreparedWeights* prepared) const {
  Packed rows = input;
  for (int64_t layer = 0; layer < layers(); ++layer) {
    if (layer > 0) rows = dropout(rows, share, {part, static_cast<uint32_t>(layer)}, draw);
    rows = run_layer(layer, data::to(rows, device(layer)), states.at(static_cast<size_t>(layer)), prepared);
  }
  return rows;
}

}  // namespace seq2seq::nn
