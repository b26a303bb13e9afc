#pragma once

#include "seq2seq/nn/recurrent/cell_layer.h"

namespace seq2seq::nn {

struct GruOptions {
  int64_t cells = 512;
  RecurrentNoise noise{};
};
void declare(config::Keys& keys, GruOptions& options);

/// A layer of gated recurrent units (Cho et al. 2014, arXiv 1406.1078, appendix A), with the reset gate applied after
/// the product, as in torch.nn.GRU:
///   r z = sigmoid(x W_ih' + b_ih + h' W_hh' + b_hh);  n = tanh(x W_in' + b_in + r (h' W_hn' + b_hn));
///   h = (1 - z) n + z h'.
/// Parameters are named, shaped and ordered as in torch.nn.GRU, gates r z n: `weight_ih` [3H, I], `weight_hh` [3H, H],
/// `bias_ih`, `bias_hh` [3H]. Its state is {h}. It has zoneout, but no recurrent dropout: a unit that keeps its value
/// would be scaled up at every step.
class Gru final : public CellLayer {
 public:
  using Options = GruOptions;
  Gru(const Options& options, const LayerContext& context);
};

}  // namespace seq2seq::nn
