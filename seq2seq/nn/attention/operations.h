#pragma once

// What attentions are made of: differentiable operations over pairs of queries and keys. Each computes in the type and
// on the device of its operands; none computes for a pad in float32 on the CPU, where kernels of our own do all of it
// (nn/kernels/attention). A group's results are then the same bits whatever other groups stand beside it. Other types
// and devices take the plain path, plain.h.

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/dropout.h"

namespace seq2seq::nn {

/// q_i . k_j of every pair [P]. queries [Q, D], keys [K, D].
at::Tensor dot_scores(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs);

/// v . tanh(q_i + k_j) of every pair [P]. queries [Q, A], keys [K, A], v [A].
at::Tensor additive_scores(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& v,
                           const AttentionPairs& pairs);

/// Each query's scores to weights that sum to 1 [P]. A score of minus infinity gets the weight 0.
at::Tensor softmax_by_query(const at::Tensor& scores, const AttentionPairs& pairs);

/// Each query's sum of values by their weights [Q, M]. weights [P], values [K, M].
at::Tensor sum_by_query(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);

struct Attended {
  at::Tensor context;  // [Q, M] each query's sum of values, zeros for a query without keys
  at::Tensor weights;  // [P]
};

/// softmax(scale q k') of every query and the sums of values by it: dot_scores(), softmax_by_query() and sum_by_query()
/// in one. queries [Q, D], keys [K, D], values [K, M].
Attended attend_dot(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                    const AttentionPairs& pairs, double scale = 1);

/// The same with additive_scores(). queries [Q, A], keys [K, A], values [K, M], v [A].
Attended attend_additive(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                         const at::Tensor& v, const AttentionPairs& pairs);

/// Heads of scaled dot-product attention: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.
struct MultiHead {
  int64_t heads = 1;    // h; each has its own part of the columns, in order
  double scale = 1;     // of the scores, as 1 / sqrt(D)
  bool causal = false;  // query i of a group sees its first keys - queries + i + 1 keys alone: those up to itself
};

/// Dropout of attention weights: each is dropped or scaled by 1 / (1 - share). The mask is a function of (seed, update,
/// site, the pair's key, head, query position, key position) alone.
struct WeightDropout {
  double share = 0;
  Site site{Site::Part::named};
  Draw draw;
  std::vector<int64_t> pair_keys;  // [G] of each group, its pair's number in the corpus
  int64_t first_position = 0;      // of each group's first query in its sentence
};

/// softmax(scale q k') v of each head, side by side [Q, h D']; zeros for a query that sees no key. queries [Q, h D],
/// keys [K, h D], values [K, h D']. `dropout`: null for none.
at::Tensor multi_head_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                                const AttentionPairs& pairs, const MultiHead& shape,
                                const WeightDropout* dropout = nullptr);

/// The weights of the same, the mean of all heads [P], without gradient and dropout: what alignments show.
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn
