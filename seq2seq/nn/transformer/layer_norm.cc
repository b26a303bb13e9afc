#include "seq2seq/nn/transformer/layer_norm.h"

#include <ATen/ops/layer_norm.h>

namespace seq2seq::nn {

LayerNorm::LayerNorm(int64_t width, const ParameterPlace& place)
    : weight_(add_parameter("weight", {width}, {.kind = Role::Kind::scale, .start = 1}, place)),
      bias_(add_parameter("bias", {width}, {.kind = Role::Kind::bias, .start = 0}, place)) {}

at::Tensor LayerNorm::forward(const at::Tensor& rows) const {
  constexpr double epsilon = 1e-5;
  return at::layer_norm(rows, weight_.sizes(), weight_, bias_, epsilon);
}

}  // namespace seq2seq::nn
