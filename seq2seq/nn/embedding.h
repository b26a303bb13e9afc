#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// A table of vectors, one a word: parameter `weight` [V, E], as in torch.nn.Embedding.
class Embedding final : public torch::nn::Module {
 public:
  Embedding(int64_t words, int64_t size, c10::Device device);
  Packed forward(const Packed& ids) const;  // [N] -> [N, E]
  const at::Tensor& weight() const { return weight_; }

 private:
  at::Tensor weight_;
};

}  // namespace seq2seq::nn
