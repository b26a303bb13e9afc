#include "seq2seq/nn/attention/multi_head.h"

#include <cmath>
#include <memory>

#include <ATen/ops/matmul.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, MultiHeadAttentionOptions& options) {
  keys.add("heads", options.heads, "number of heads, which split the width").at_least(1).at_most(1e6);
  keys.add("width", options.width, "width of queries, keys and values, over all heads").at_least(1).at_most(1e6);
  keys.rule("heads", [&options] {
    if (options.width % options.heads == 0) return std::string();
    return fmt::format("{} heads do not divide a width of {}; use a divisor of the width", options.heads,
                       options.width);
  });
}

MultiHeadAttention::MultiHeadAttention(const Options& options, const AttentionContext& context)
    : shape_{.heads = options.heads,
             .scale = std::sqrt(static_cast<double>(options.heads) / static_cast<double>(options.width))} {
  const Role projection{.kind = Role::Kind::projection};
  query_weight_ = add_parameter("query_weight", {options.width, context.query}, projection, context.place);
  key_weight_ = add_parameter("key_weight", {options.width, context.memory}, projection, context.place);
  value_weight_ = add_parameter("value_weight", {options.width, context.memory}, projection, context.place);
  output_weight_ = add_parameter("output_weight", {options.width, options.width}, projection, context.place);
}

AttentionMemory MultiHeadAttention::prepare(const at::Tensor& states) const {
  return {.keys = at::matmul(states, key_weight_.t()),
          .values = at::matmul(states, value_weight_.t()),
          .product = std::make_shared<DeferredLinear>(query_weight_)};
}

AttentionResult MultiHeadAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                           const AttentionPairs& pairs) const {
  const auto asked = memory.product == nullptr ? at::matmul(queries.rows, query_weight_.t())
                                               : (*memory.product)(queries.rows);  // [Q, W]
  const auto found = multi_head_attention(asked, memory.keys, memory.values, pairs, shape_);
  return {at::matmul(found, output_weight_.t()),
          queries.wants_weights ? multi_head_weights(asked, memory.keys, pairs, shape_) : at::Tensor()};
}

}  // namespace seq2seq::nn
