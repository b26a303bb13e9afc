#pragma once

#include <memory>

#include "seq2seq/nn/recurrent/layer_pass.h"
#include "seq2seq/nn/recurrent/lstm_layer.h"

namespace seq2seq::nn {

/// A batch's pass through an LSTM layer, by the kernels for its device and type. `panels`: of these weights, or null.
/// `first`: h and c [B, H] before the first step.
std::unique_ptr<LayerPass> lstm_sequence(const LstmWeights& weights, const LstmPanels* panels,
                                         std::shared_ptr<const Layout> layout, LayerRows rows, const State& first);

}  // namespace seq2seq::nn
