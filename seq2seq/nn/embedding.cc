#include "seq2seq/nn/embedding.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/zeros.h>

namespace seq2seq::nn {

Embedding::Embedding(int64_t words, int64_t size, c10::Device device) {
  weight_ = register_parameter("weight", at::zeros({words, size}, at::TensorOptions(at::kFloat).device(device)));
}

Packed Embedding::forward(const Packed& ids) const { return ids.with(at::embedding(weight_, ids.rows)); }

}  // namespace seq2seq::nn
