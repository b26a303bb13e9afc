#include "seq2seq/nn/attention/plain.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tanh.h>

#include "seq2seq/nn/attention/gather.h"
#include "seq2seq/nn/attention/weight_dropout.h"

namespace seq2seq::nn::plain {
namespace {

using at::Tensor;

int64_t count(const AttentionPairs& pairs) { return static_cast<int64_t>(pairs.groups().size()); }

/// [Q, D] -> [G, longest_queries, D].
Tensor padded_queries(const Tensor& queries, const AttentionPairs& pairs) {
  const auto& padded = pairs.padded_groups();
  return gather_rows(queries, padded.query, {padded.query_place})
      .view({count(pairs), pairs.longest_queries(), queries.size(1)});
}

/// [K, D] -> [G, longest, D].
Tensor padded_keys(const Tensor& keys, const AttentionPairs& pairs) {
  const auto& padded = pairs.padded_groups();
  return gather_rows(keys, padded.key, padded.key_places).view({count(pairs), pairs.longest(), keys.size(1)});
}

/// [P] -> [G, longest_queries, longest], and back.
Tensor padded_pairs(const Tensor& values, const AttentionPairs& pairs) {
  const auto& padded = pairs.padded_groups();
  return gather_rows(values, padded.pair, {padded.pair_place})
      .view({count(pairs), pairs.longest_queries(), pairs.longest()});
}
Tensor of_padded_pairs(const Tensor& values, const AttentionPairs& pairs) {
  const auto& padded = pairs.padded_groups();
  return gather_rows(values.reshape({-1}), padded.pair_place, {padded.pair});
}

/// [G, longest_queries, D] -> [Q, D].
Tensor of_padded_queries(const Tensor& values, const AttentionPairs& pairs) {
  const auto& padded = pairs.padded_groups();
  return gather_rows(values.reshape({-1, values.size(2)}), padded.query_place, {padded.query});
}

/// Softmax over the last dimension where `seen`, zeros elsewhere. Unseen scores become a finite number, so that a query
/// that sees nothing gets zeros, not NaN.
Tensor softmax_where(const Tensor& scores, const Tensor& seen) {
  const auto hidden = seen.logical_not();
  return scores.masked_fill(hidden, -1e30).softmax(-1).masked_fill(hidden, 0);
}

/// [G, n, h D] -> [G, h, n, D].
Tensor by_head(const Tensor& rows, int64_t heads) {
  return rows.view({rows.size(0), rows.size(1), heads, rows.size(2) / heads}).transpose(1, 2);
}

/// [G, h, longest_queries, longest].
Tensor head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs, const MultiHead& shape) {
  const auto q = by_head(padded_queries(queries, pairs), shape.heads) * shape.scale;
  const auto k = by_head(padded_keys(keys, pairs), shape.heads);
  const auto& padded = pairs.padded_groups();
  return softmax_where(at::matmul(q, k.transpose(2, 3)),
                       (shape.causal ? padded.seen_causally : padded.seen).unsqueeze(1));
}

}  // namespace

Tensor dot_scores(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs) {
  return of_padded_pairs(at::matmul(padded_queries(queries, pairs), padded_keys(keys, pairs).transpose(1, 2)), pairs);
}

Tensor additive_scores(const Tensor& queries, const Tensor& keys, const Tensor& v, const AttentionPairs& pairs) {
  const auto sums = padded_queries(queries, pairs).unsqueeze(2) + padded_keys(keys, pairs).unsqueeze(1);
  return of_padded_pairs(at::matmul(at::tanh(sums), v), pairs);
}

Tensor softmax_by_query(const Tensor& scores, const AttentionPairs& pairs) {
  return of_padded_pairs(softmax_where(padded_pairs(scores, pairs), pairs.padded_groups().seen), pairs);
}

Tensor sum_by_query(const Tensor& weights, const Tensor& values, const AttentionPairs& pairs) {
  return of_padded_queries(at::matmul(padded_pairs(weights, pairs), padded_keys(values, pairs)), pairs);
}

Tensor multi_head_attention(const Tensor& queries, const Tensor& keys, const Tensor& values,
                            const AttentionPairs& pairs, const MultiHead& shape, const WeightDropout* dropout) {
  auto weights = head_weights(queries, keys, pairs, shape);
  if (dropout != nullptr)
    weights = weights * sent(padded_dropout_mask(pairs, shape.heads, *dropout), weights.options());
  const auto contexts = at::matmul(weights, by_head(padded_keys(values, pairs), shape.heads));  // [G, h, Qmax, D']
  return of_padded_queries(contexts.transpose(1, 2).flatten(2), pairs);
}

Tensor multi_head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs,
                          const MultiHead& shape) {
  return of_padded_pairs(head_weights(queries, keys, pairs, shape).mean(1), pairs);
}

}  // namespace seq2seq::nn::plain
