#pragma once

#include "seq2seq/nn/recurrent/cell_layer.h"

namespace seq2seq::nn {

struct ProjectedLstmOptions {
  int64_t cells = 512;
  int64_t projection = 256;
  RecurrentNoise noise{};
};
void declare(config::Keys& keys, ProjectedLstmOptions& options);

/// An LSTM layer of H cells with a narrower state of width P (Sak, Senior and Beaufays 2014, arXiv 1402.1128, equations
/// 1 to 6 without peepholes and without the non-recurrent projection):
///   i f g o = x W_ih' + b_ih + h' W_hh' + b_hh;  c = sigmoid(f) c' + sigmoid(i) tanh(g);
///   h = (sigmoid(o) tanh(c)) W_hr'.
/// Parameters are named, shaped and ordered as in torch.nn.LSTM with `proj_size`: `weight_ih` [4H, I], `weight_hh`
/// [4H, P], `bias_ih`, `bias_hh` [4H], `weight_hr` [P, H]. Its state is {h [B, P], c [B, H]}, its rows are [N, P].
class ProjectedLstm final : public CellLayer {
 public:
  using Options = ProjectedLstmOptions;
  ProjectedLstm(const Options& options, const LayerContext& context);
};

}  // namespace seq2seq::nn
