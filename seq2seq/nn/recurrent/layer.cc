#include "seq2seq/nn/recurrent/layer.h"

#include <ATen/ops/zeros.h>

namespace seq2seq::nn {

State Layer::zero_state(int64_t sentences) const {
  const auto options = at::TensorOptions(place().type).device(place().device);
  State state;
  for (const auto& part : state_shape()) state.push_back(at::zeros({sentences, part.width}, options));
  return state;
}

}  // namespace seq2seq::nn
