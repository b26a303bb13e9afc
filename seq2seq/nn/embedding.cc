#include "seq2seq/nn/embedding.h"

#include <ATen/ops/embedding.h>

namespace seq2seq::nn {

Embedding::Embedding(int64_t words, int64_t size, const ParameterPlace& place)
    : weight_(add_parameter("weight", {words, size}, role(), place)) {}

Packed Embedding::forward(const Packed& ids) const { return ids.with(at::embedding(weight_, ids.rows)); }

}  // namespace seq2seq::nn
