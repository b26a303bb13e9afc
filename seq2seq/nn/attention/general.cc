#include "seq2seq/nn/attention/general.h"

#include <ATen/ops/matmul.h>

namespace seq2seq::nn {

GeneralAttention::GeneralAttention(const Options&, const AttentionContext& context)
    : weight_(
          add_parameter("weight", {context.query, context.memory}, {.kind = Role::Kind::projection}, context.place)) {}

AttentionMemory GeneralAttention::prepare(const at::Tensor& states) const {
  return {.keys = at::matmul(states, weight_.t()), .values = states};
}

AttentionResult GeneralAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                         const AttentionPairs& pairs) const {
  const auto made = attend_dot(queries.rows, memory.keys, memory.values, pairs);
  return {made.context, made.weights};
}

}  // namespace seq2seq::nn
