#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// Two layers of one kind over the same rows: one reads each sentence from the first row to the last, the other from
/// the last to the first (Schuster and Paliwal 1997). Rows [N, 2H] hold both outputs side by side, forward first. So
/// does each part of the state [B, 2H]; its second half is the backward layer's state after the sentence's first row.
/// The parameters of the backward layer are named `weight_ih_l0_reverse`, as in torch.nn.LSTM(bidirectional=True).
class Bidirectional final : public Layer {
 public:
  Bidirectional(const LayerRegistry& kinds, const Selection& kind, const LayerContext& context);

  Packed run(const Packed& chunk, State& state, const LayerCall& call) const override;
  StateShape state_shape() const override;
  int64_t width() const override { return forward_.layer->width() + backward_.layer->width(); }
  ParameterPlace place() const override { return forward_.layer->place(); }
  bool needs_all_steps() const override { return true; }
  int64_t directions() const override { return 2; }
  std::shared_ptr<const PreparedWeights> prepare() const override;
  std::unique_ptr<LayerPass> pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                  const LayerCall& call) const override;

  /// A layer and its parameters, in order of registration.
  struct Direction {
    std::shared_ptr<Layer> layer;
    std::vector<at::Tensor> parameters;
  };

 private:
  Direction forward_, backward_;
};

}  // namespace seq2seq::nn
