#pragma once

#include <cstdint>

#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// W x + b. Parameters `weight` [O, I] and `bias` [O], as in torch.nn.Linear.
class Linear final : public Module {
 public:
  Linear(int64_t input, int64_t output, const ParameterPlace& place);
  at::Tensor forward(const at::Tensor& rows) const;  // [N, I] -> [N, O]

 private:
  at::Tensor weight_, bias_;
};

}  // namespace seq2seq::nn
