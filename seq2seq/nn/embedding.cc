#include "seq2seq/nn/embedding.h"

namespace seq2seq::nn {

Embedding::Embedding(int64_t words, int64_t size, const ParameterPlace& place)
    : weight_(add_table("weight", {words, size}, role(), place)) {}

Packed Embedding::forward(const Packed& ids) const { return ids.with(look_up(weight_, ids.rows)); }

at::Tensor Embedding::weight_gradient(const at::Tensor& gradient, const Ids& ids) const {
  return table_gradient(weight_, gradient, ids);
}

}  // namespace seq2seq::nn
