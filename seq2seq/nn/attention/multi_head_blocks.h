#pragma once

// Divides the queries of multi-head attention on the CPU into blocks that are computed together.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn::cpu {

/// A group with fewer queries computes its scores in rows, one query after another. Other groups compute them in
/// columns, a vector of queries side by side.
inline constexpr int64_t few_queries = 4;

/// Queries of one group and head that are computed together, and the keys that any of them sees.
struct QueryBlock {
  int64_t group = 0, head = 0;
  int64_t first_query = 0, queries = 0;  // rows
  int64_t first_key = 0, keys = 0;       // rows; `keys`: as many as the last query sees
  int64_t place = 0;                     // of the first query, within its group
  int64_t seen_by_first = 0;             // keys that the first query sees
  int64_t lanes = 0;                     // for the queries; 0: the scores are in rows

  bool by_columns() const { return lanes > 0; }
  /// Distances between scores of neighbouring queries and keys.
  int64_t query_stride() const { return by_columns() ? 1 : keys; }
  int64_t key_stride() const { return by_columns() ? lanes : 1; }
  /// Returns the queries of the block, including the lanes beyond them.
  int64_t rows_of_mask() const { return by_columns() ? lanes : queries; }
};

/// Memory for a block: scores in rows, one query after another, or in columns.
struct BlockScratch {
  BlockScratch(float* room, int64_t scores, int64_t columns)
      : weights(room),
        weights_gradient(weights + scores),
        mask(weights_gradient + scores),
        packed(mask + scores),
        packed_gradient(packed + columns),
        log_sum(packed_gradient + columns) {}
  static int64_t size(int64_t scores, int64_t columns, int64_t lanes) { return 3 * scores + 2 * columns + lanes; }

  float *weights, *weights_gradient, *mask;  // [keys, lanes]
  float *packed, *packed_gradient;           // [D, lanes]
  float* log_sum;                            // [lanes]
};

struct BlockShape {
  bool causal = false;
  int64_t lanes = 1;  // of a vector
};

/// Calls work(block) for all queries of a group, in their order. The caller fills in group and head.
template <class Work>
void for_query_blocks(const AttentionGroup& group, const BlockShape& shape, Work work) {
  const bool causal = shape.causal, few = group.queries < few_queries;
  for (int64_t query = 0; query < group.queries;) {
    const int64_t rest = group.queries - query;
    // Two vectors share each load of a key; with causal queries, one vector skips more of the keys that it does not
    // see.
    const int64_t lanes = few ? 0 : causal || rest <= shape.lanes ? shape.lanes : 2 * shape.lanes;
    const int64_t queries = few ? causal ? 1 : rest : std::min(rest, lanes);
    const int64_t hidden = causal ? group.queries - query - queries : 0;  // keys unseen by the last query
    const int64_t seen_by_first = causal ? group.keys - group.queries + query + 1 : group.keys;
    work(QueryBlock{.first_query = group.first_query + query,
                    .queries = queries,
                    .first_key = group.first_key,
                    .keys = std::max<int64_t>(0, group.keys - hidden),
                    .place = query,
                    .seen_by_first = seen_by_first,
                    .lanes = lanes});
    query += queries;
  }
}

}  // namespace seq2seq::nn::cpu
