#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// One LSTM layer's parameters, shaped and ordered as in torch.nn.LSTM: gates i f g o.
struct LstmWeights {
  at::Tensor input, hidden;            // weight_ih [4H, I], weight_hh [4H, H]
  at::Tensor input_bias, hidden_bias;  // [4H]
};

/// A layer's weights once more, laid out as our kernels read them; undefined where there are none for their type and
/// device.
struct LstmPanels {
  at::Tensor input, hidden;
};
LstmPanels lstm_panels(const LstmWeights& weights);

/// What a layer leaves: `rows` [N, H], and each sentence's h and c at its own last step, [S, H] in sorted order.
struct LstmResult {
  at::Tensor rows, hidden, cell;
};

/// One LSTM layer over packed rows x [N, I] (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
/// 2000):
///   i f g o = x W_ih' + b_ih + h' W_hh' + b_hh;  c = sigmoid(f) c' + sigmoid(i) tanh(g);  h = sigmoid(o) tanh(c).
/// One product for all rows' inputs and one a step for the recurrence; backward one product a step and one for each
/// weight. `running` [T] sentences a step, never rising; `hidden`, `cell` [running[0], H] the state before the first
/// step, in sorted order. float32 on the CPU runs our kernels. With the panels of these very weights, which calls
/// without gradient can be given, they need not be laid out anew.
LstmResult lstm_layer(const at::Tensor& x, const std::vector<int64_t>& running, const at::Tensor& hidden,
                      const at::Tensor& cell, const LstmWeights& weights, const LstmPanels* panels = nullptr);

}  // namespace seq2seq::nn
