#pragma once

#include <cstdint>

#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/used_rows.h"

namespace seq2seq::nn {

/// A table of vectors, one per word: parameter `weight` [V, E], as in torch.nn.Embedding.
class Embedding final : public TableModule {
 public:
  Embedding(int64_t words, int64_t size, const ParameterPlace& place);
  Packed forward(const Packed& ids) const;  // [N] -> [N, E]
  /// Returns the gradient of the weight from the gradients of the vectors [N, E] of `ids` [N].
  at::Tensor weight_gradient(const at::Tensor& gradient, const Ids& ids) const;
  const at::Tensor& weight() const { return weight_; }
  /// The role of the weight when it is looked up.
  static Role role() { return {.kind = Role::Kind::embedding, .row_per_word = true}; }

 private:
  at::Tensor weight_;
};

}  // namespace seq2seq::nn
