#pragma once

#include <memory>

#include "seq2seq/nn/recurrent/cell_layer.h"
#include "seq2seq/nn/recurrent/lstm_layer.h"

namespace seq2seq::nn {

struct LstmOptions {
  int64_t cells = 512;
  RecurrentNoise noise{};
};
void declare(config::Keys& keys, LstmOptions& options);

/// An LSTM layer (Hochreiter and Schmidhuber 1997; without peepholes, as arXiv 1409.3215 uses it). Parameters are
/// named, shaped and ordered as in torch.nn.LSTM, `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, so that weights can
/// be exchanged with it. Its state is {h, c}.
class Lstm final : public CellLayer {
 public:
  using Options = LstmOptions;
  Lstm(const Options& options, const LayerContext& context);

  std::unique_ptr<LayerPass> pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                  const LayerCall& call) const override;

 private:
  LstmWeights weights_;
};

}  // namespace seq2seq::nn
