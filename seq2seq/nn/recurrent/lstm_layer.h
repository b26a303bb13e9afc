#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/recurrent/cell.h"

namespace seq2seq::nn {

/// One LSTM layer's parameters, shaped and ordered as in torch.nn.LSTM: gates i f g o.
struct LstmWeights {
  at::Tensor input, hidden;            // weight_ih [4H, I], weight_hh [4H, H]
  at::Tensor input_bias, hidden_bias;  // [4H]
};

/// A copy of a layer's weights, laid out for our kernels; undefined if there are no kernels for their type and device.
struct LstmPanels {
  at::Tensor input, hidden;                    // for the forward pass
  at::Tensor input_backward, hidden_backward;  // for the backward pass
};
/// `both_ways`: for the backward pass, too.
LstmPanels lstm_panels(const LstmWeights& weights, bool both_ways = false);

struct LstmPrepared final : PreparedWeights {
  explicit LstmPrepared(LstmPanels made) : panels(std::move(made)) {}
  LstmPanels panels;
};

/// The cell of an LSTM layer (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):
///   i f g o = x W_ih' + b_ih + h' W_hh' + b_hh;  c = sigmoid(f) c' + sigmoid(i) tanh(g);  h = sigmoid(o) tanh(c).
/// Forward, it takes one product for all rows' inputs and one per step for the recurrence; backward, one per step and
/// one for each weight. Its state is {h, c}. float32 on the CPU runs our kernels.
std::shared_ptr<const Cell> lstm_cell(const LstmWeights& weights);

/// Results of a layer: `rows` [N, H], and each sentence's h and c at its own last step, [S, H] in sorted order.
struct LstmResult {
  at::Tensor rows, hidden, cell;
};

/// Runs the cell over packed rows x [N, I]. `running` [T]: number of sentences at each step, never rising. `hidden`,
/// `cell` [running[0], H]: the state before the first step, in sorted order. `panels` saves laying out the weights
/// again.
LstmResult lstm_layer(const at::Tensor& x, const std::vector<int64_t>& running, const at::Tensor& hidden,
                      const at::Tensor& cell, const LstmWeights& weights, const LstmPanels* panels = nullptr);

}  // namespace seq2seq::nn
