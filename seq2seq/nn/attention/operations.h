#pragma once

// What attentions are made of: differentiable operations over pairs of queries and keys. Each computes in the type and
// on the device of its operands; none computes for a pad.

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn {

/// q_i . k_j of every pair [P]. queries [Q, D], keys [K, D].
at::Tensor dot_scores(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs);

/// v . tanh(q_i + k_j) of every pair [P]. queries [Q, A], keys [K, A], v [A].
at::Tensor additive_scores(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& v,
                           const AttentionPairs& pairs);

/// Each query's scores to weights that sum to 1 [P].
at::Tensor softmax_by_query(const at::Tensor& scores, const AttentionPairs& pairs);

/// Each query's sum of values by their weights [Q, M]. weights [P], values [K, M].
at::Tensor sum_by_query(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);

/// Heads of scaled dot-product attention: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.
struct MultiHead {
  int64_t heads = 1;    // h; each has its own part of the columns, in order
  double scale = 1;     // of the scores, as 1 / sqrt(D)
  bool causal = false;  // query i of a group sees its first keys - queries + i + 1 keys alone: those up to itself
};

/// softmax(scale q k') v of each head, side by side [Q, h D']. queries [Q, h D], keys [K, h D], values [K, h D'].
at::Tensor multi_head_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                                const AttentionPairs& pairs, const MultiHead& shape);

/// The weights of the same, the mean of all heads [P], without gradient: what alignments show.
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn
