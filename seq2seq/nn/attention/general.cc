#include "seq2seq/nn/attention/general.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "seq2seq/nn/attention/coverage.h"

namespace seq2seq::nn {

GeneralAttention::GeneralAttention(const Options&, const AttentionContext& context)
    : weight_(
          add_parameter("weight", {context.query, context.memory}, {.kind = Role::Kind::projection}, context.place)),
      coverage_weight_(add_coverage_weight(*this, context.query, context)) {}

AttentionMemory GeneralAttention::prepare(const at::Tensor& states) const {
  return {.keys = at::matmul(states, weight_.t()), .values = states};
}

AttentionResult GeneralAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                         const AttentionPairs& pairs) const {
  if (coverage_weight_.defined()) {
    const auto scores =
        dot_scores(queries.rows, memory.keys, pairs) + coverage_scores(queries, coverage_weight_, pairs);
    return attend_by_scores(scores, memory, pairs);
  }
  const auto made = attend_dot(queries.rows, memory.keys, memory.values, pairs);
  return {made.context, made.weights};
}

}  // namespace seq2seq::nn
