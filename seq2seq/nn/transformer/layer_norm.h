#pragma once

#include <cstdint>

#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// (x - mean) / sqrt(variance + 1e-5) * weight + bias of each row: Ba et al. 2016, arXiv 1607.06450. Parameters
/// `weight` and `bias` [W], as in torch.nn.LayerNorm.
class LayerNorm final : public Module {
 public:
  LayerNorm(int64_t width, const ParameterPlace& place);
  at::Tensor forward(const at::Tensor& rows) const;  // [N, W]

 private:
  at::Tensor weight_, bias_;
};

}  // namespace seq2seq::nn
