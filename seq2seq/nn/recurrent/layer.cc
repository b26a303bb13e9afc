#include "seq2seq/nn/recurrent/layer.h"

#include <ATen/ops/zeros.h>

#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {

State Layer::zero_state(int64_t sentences) const {
  const auto options = at::TensorOptions(place().type).device(place().device);
  State state;
  for (const auto& part : state_shape()) state.push_back(at::zeros({sentences, part.width}, options));
  return state;
}

std::unique_ptr<LayerPass> Layer::pass(std::shared_ptr<const Layout>, LayerRows, const State&, const LayerCall&) const {
  return nullptr;
}

}  // namespace seq2seq::nn
