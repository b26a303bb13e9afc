#pragma once

#include "seq2seq/nn/recurrent/cell_layer.h"

namespace seq2seq::nn {

struct LayerNormLstmOptions {
  int64_t cells = 512;
  RecurrentNoise noise{};
};
void declare(config::Keys& keys, LayerNormLstmOptions& options);

/// An LSTM layer with layer normalization inside the cell (Ba, Kiros and Hinton 2016, arXiv 1607.06450, equations 20 to
/// 22):
///   i f g o = LN(x W_ih'; gain_ih, bias_ih) + LN(h' W_hh'; gain_hh, bias_hh);
///   c = sigmoid(f) c' + sigmoid(i) tanh(g);  h = sigmoid(o) tanh(LN(c; gain_c, bias_c)).
/// LN takes mean and variance over all four gates of a row together (epsilon 1e-5), multiplies by a gain and adds a
/// bias. The paper adds a further bias b to the sums; here bias_ih and bias_hh replace it. Gains start at 1 and bias_c
/// at 0, as in the paper; the gates' biases start like other parameters.
/// Parameters: `weight_ih` [4H, I], `weight_hh` [4H, H], `gain_ih`, `bias_ih`, `gain_hh`, `bias_hh` [4H], `gain_c`,
/// `bias_c` [H]. Its state is {h, c}, with c before normalization.
class LayerNormLstm final : public CellLayer {
 public:
  using Options = LayerNormLstmOptions;
  LayerNormLstm(const Options& options, const LayerContext& context);
};

}  // namespace seq2seq::nn
