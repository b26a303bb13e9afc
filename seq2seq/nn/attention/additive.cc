#include "seq2seq/nn/attention/additive.h"

#include <ATen/ops/matmul.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/attention/coverage.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, AdditiveAttentionOptions& options) {
  keys.add("units", options.units, "width A of the score's hidden layer").at_least(1).at_most(1e6);
}

AdditiveAttention::AdditiveAttention(const Options& options, const AttentionContext& context) {
  const Role projection{.kind = Role::Kind::projection};
  query_weight_ = add_parameter("query_weight", {options.units, context.query}, projection, context.place);
  memory_weight_ = add_parameter("memory_weight", {options.units, context.memory}, projection, context.place);
  score_weight_ = add_parameter("score_weight", {options.units}, {.kind = Role::Kind::scale}, context.place);
  coverage_weight_ = add_coverage_weight(*this, options.units, context);
}

AttentionMemory AdditiveAttention::prepare(const at::Tensor& states) const {
  return {.keys = at::matmul(states, memory_weight_.t()),
          .values = states,
          .product = std::make_shared<DeferredLinear>(query_weight_)};
}

AttentionResult AdditiveAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                          const AttentionPairs& pairs) const {
  const auto asked = memory.product == nullptr ? at::matmul(queries.rows, query_weight_.t())
                                               : (*memory.product)(queries.rows);  // [Q, A]
  return attend_covered(queries, asked, memory, score_weight_, coverage_weight_, pairs);
}

}  // namespace seq2seq::nn
