#include "seq2seq/nn/attention/location.h"

#include <algorithm>
#include <limits>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/matmul.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, LocationAttentionOptions& options) {
  keys.add("longest", options.longest, "number of source positions with a weight; later words are invisible")
      .unit("words")
      .at_least(1)
      .at_most(1e6);
}

LocationAttention::LocationAttention(const Options& options, const AttentionContext& context)
    : width_(context.memory),
      weight_(
          add_parameter("weight", {options.longest, context.query}, {.kind = Role::Kind::projection}, context.place)) {}

AttentionMemory LocationAttention::prepare(const at::Tensor& states) const {
  return {.keys = states, .values = states};
}

AttentionResult LocationAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                          const AttentionPairs& pairs) const {
  const int64_t positions = std::min(weight_.size(0), pairs.longest());
  const auto known = at::matmul(queries.rows, weight_.narrow(0, 0, positions).t());  // [Q, positions]
  const auto scores = positions == pairs.longest() ? known
                                                   : at::constant_pad_nd(known, {0, pairs.longest() - positions},
                                                                         -std::numeric_limits<double>::infinity());
  return attend_by_scores(pairs.of_pairs(scores), memory, pairs);
}

}  // namespace seq2seq::nn
