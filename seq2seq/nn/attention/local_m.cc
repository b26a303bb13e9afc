#include "seq2seq/nn/attention/local_m.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/minimum.h>

namespace seq2seq::nn {

LocalMAttention::LocalMAttention(const Options& options, const AttentionContext& context)
    : window_(options.window), width_(context.memory) {
  check_widths(options, context, "local_m");
  if (options.score == LocalScore::dot) return;
  weight_ = add_parameter("weight", {context.query, context.memory}, {.kind = Role::Kind::projection}, context.place);
}

AttentionMemory LocalMAttention::prepare(const at::Tensor& states) const {
  return {.keys = weight_.defined() ? at::matmul(states, weight_.t()) : states, .values = states};
}

AttentionResult LocalMAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                        const AttentionPairs& pairs) const {
  const auto centre = at::minimum(queries.position, pairs.keys_of_query() - 1);  // [Q]
  const auto distance = pairs.place() - of_each_pair(centre, pairs);             // [P]
  const auto weights = softmax_in_window(dot_scores(queries.rows, memory.keys, pairs), distance, window_, pairs);
  return {sum_by_query(weights, memory.values, pairs), weights};
}

}  // namespace seq2seq::nn
