#include "seq2seq/nn/attention/concat.h"

#include <memory>

#include <ATen/ops/matmul.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/attention/coverage.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, ConcatAttentionOptions& options) {
  keys.add("units", options.units, "width A of the score's hidden layer").at_least(1).at_most(1e6);
}

ConcatAttention::ConcatAttention(const Options& options, const AttentionContext& context)
    : query_(context.query), memory_(context.memory) {
  weight_ = add_parameter("weight", {options.units, query_ + memory_}, {.kind = Role::Kind::projection}, context.place);
  score_weight_ = add_parameter("score_weight", {options.units}, {.kind = Role::Kind::scale}, context.place);
  coverage_weight_ = add_coverage_weight(*this, options.units, context);
}

// W [q; h] is a sum of two products. The product of a state is computed once per batch, not once per pair.
AttentionMemory ConcatAttention::prepare(const at::Tensor& states) const {
  return {.keys = at::matmul(states, weight_.narrow(1, query_, memory_).t()),
          .values = states,
          .product = std::make_shared<DeferredLinear>(weight_.narrow(1, 0, query_))};
}

AttentionResult ConcatAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                        const AttentionPairs& pairs) const {
  const auto asked = memory.product == nullptr ? at::matmul(queries.rows, weight_.narrow(1, 0, query_).t())
                                               : (*memory.product)(queries.rows);  // [Q, A]
  return attend_covered(queries, asked, memory, score_weight_, coverage_weight_, pairs);
}

}  // namespace seq2seq::nn
