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
  return attend_by_scores(dot_scores(queries.rows, memory.keys, pairs), memory, pairs);
}

}  // namespace seq2seq::nn
