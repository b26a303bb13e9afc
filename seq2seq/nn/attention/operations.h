#pragma once

// The building blocks of attentions: differentiable operations over pairs of queries and keys. Each computes in the
// type and on the device of its operands. In float32 on the CPU our own kernels (nn/kernels/attention) do all the work
// and never compute padding; a group's results then do not depend, to the bit, on the other groups. Other types and
// devices take the plain path, plain.h.

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

/// Turns each query's scores into weights that sum to 1 [P]. A score of minus infinity gets the weight 0.
at::Tensor softmax_by_query(const at::Tensor& scores, const AttentionPairs& pairs);

/// Returns each query's sum of values by their weights [Q, M]. weights [P], values [K, M].
at::Tensor sum_by_query(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);

struct Attended {
  at::Tensor context;  // [Q, M] each query's sum of values, zeros for a query without keys
  at::Tensor weights;  // [P]
};

/// softmax(scale q k') of every query, and the values summed by it: dot_scores(), softmax_by_query() and sum_by_query()
/// in one. queries [Q, D], keys [K, D], values [K, M].
Attended attend_dot(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                    const AttentionPairs& pairs, double scale = 1);

/// As attend_dot(), with additive_scores(). queries [Q, A], keys [K, A], values [K, M], v [A].
Attended attend_additive(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                         const at::Tensor& v, const AttentionPairs& pairs);

/// Heads of scaled dot-product attention: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.
struct MultiHead {
  int64_t heads = 1;    // h; each has its own columns, in order
  double scale = 1;     // of the scores, such as 1 / sqrt(D)
  bool causal = false;  // query i of a group sees only its first keys - queries + i + 1 keys: those up to itself
};

/// Dropout of attention weights: each is dropped or scaled by 1 / (1 - share). The mask depends only on (seed, update,
/// site, the pair's key, head, query position, key position).
struct WeightDropout {
  double share = 0;
  Site site{Site::Part::named};
  Draw draw;
  std::vector<int64_t> pair_keys;  // [G] number of each group's pair in the corpus
  int64_t first_position = 0;      // position of each group's first query in its sentence
};

/// softmax(scale q k') v of each head, side by side [Q, h D']; zeros for a query that sees no key. queries [Q, h D],
/// keys [K, h D], values [K, h D']. `dropout`: null: none.
at::Tensor multi_head_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                                const AttentionPairs& pairs, const MultiHead& shape,
                                const WeightDropout* dropout = nullptr);

/// The weights of multi_head_attention(), the mean of all heads [P], without gradient and without dropout. Alignments
/// use them.
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn
