#include "seq2seq/nn/transformer/linear.h"

#include <ATen/ops/linear.h>

namespace seq2seq::nn {

Linear::Linear(int64_t input, int64_t output, const ParameterPlace& place)
    : weight_(add_parameter("weight", {output, input}, {.kind = Role::Kind::projection}, place)),
      bias_(add_parameter("bias", {output}, {.kind = Role::Kind::bias}, place)) {}

at::Tensor Linear::forward(const at::Tensor& rows) const { return at::linear(rows, weight_, bias_); }

}  // namespace seq2seq::nn
