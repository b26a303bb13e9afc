#include "seq2seq/nn/attention/operations.h"

#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

Tensor columns_of_head(const Tensor& rows, int64_t head, int64_t heads) {
  const int64_t width = rows.size(1) / heads;
  return rows.narrow(1, head * width, width);
}

/// Scores of keys that a query does not see become minus infinity.
Tensor causal_scores(const Tensor& scores, const AttentionPairs& pairs) {
  std::vector<Tensor> hidden;
  for (const auto& group : pairs.groups()) {
    const auto one = at::full({group.queries, group.keys}, true, at::kBool);
    hidden.push_back(one.triu(group.keys - group.queries + 1).flatten());
  }
  if (hidden.empty()) return scores;
  return scores.masked_fill(at::cat(hidden).to(scores.device()), -std::numeric_limits<double>::infinity());
}

Tensor head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs, const MultiHead& shape,
                    int64_t head) {
  auto scores = dot_scores(columns_of_head(queries, head, shape.heads) * shape.scale,
                           columns_of_head(keys, head, shape.heads), pairs);
  if (shape.causal) scores = causal_scores(scores, pairs);
  return softmax_by_query(scores, pairs);
}

}  // namespace

Tensor dot_scores(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs) {
  check_shape(queries, {pairs.queries(), keys.size(1)}, "queries of an attention [Q, D]");
  return (queries.index_select(0, pairs.query()) * keys.index_select(0, pairs.key())).sum(1);
}

Tensor additive_scores(const Tensor& queries, const Tensor& keys, const Tensor& v, const AttentionPairs& pairs) {
  check_shape(queries, {pairs.queries(), keys.size(1)}, "queries of an additive attention [Q, A]");
  const auto sums = queries.index_select(0, pairs.query()) + keys.index_select(0, pairs.key());
  return at::matmul(at::tanh(sums), v);
}

Tensor softmax_by_query(const Tensor& scores, const AttentionPairs& pairs) {
  if (pairs.pairs() == 0) return scores;
  const auto lowest = at::full({pairs.queries(), pairs.longest()}, -std::numeric_limits<double>::infinity(),
                               scores.options());  // where there is no key
  return pairs.of_pairs(lowest.index_put({pairs.query(), pairs.place()}, scores).softmax(1));
}

Tensor sum_by_query(const Tensor& weights, const Tensor& values, const AttentionPairs& pairs) {
  const auto terms = weights.unsqueeze(1) * values.index_select(0, pairs.key());  // [P, M]
  return at::zeros({pairs.queries(), values.size(1)}, values.options()).index_add(0, pairs.query(), terms);
}

Tensor multi_head_attention(const Tensor& queries, const Tensor& keys, const Tensor& values,
                            const AttentionPairs& pairs, const MultiHead& shape) {
  std::vector<Tensor> contexts;
  for (int64_t head = 0; head < shape.heads; ++head) {
    const auto weights = head_weights(queries, keys, pairs, shape, head);
    contexts.push_back(sum_by_query(weights, columns_of_head(values, head, shape.heads), pairs));
  }
  return at::cat(contexts, 1);
}

Tensor multi_head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs,
                          const MultiHead& shape) {
  const c10::NoGradGuard no_gradient;
  std::vector<Tensor> heads;
  for (int64_t head = 0; head < shape.heads; ++head) heads.push_back(head_weights(queries, keys, pairs, shape, head));
  return at::stack(heads).mean(0);
}

}  // namespace seq2seq::nn
