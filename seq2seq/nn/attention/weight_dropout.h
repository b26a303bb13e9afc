#pragma once

#include "seq2seq/nn/attention/operations.h"

namespace seq2seq::nn {

namespace kernels {
struct WeightMask;
}

/// Returns the dropout of the weights of one group and head, as kernels read it. `query`: number of the first query in
/// the group.
kernels::WeightMask weight_mask(const WeightDropout& dropout, const AttentionPairs& pairs, int64_t group, int64_t head,
                                int64_t query = 0);

/// Mask [G, heads, longest_queries, longest] of 0 or 1/(1-share), zeros for pads; float32 on the CPU.
at::Tensor padded_dropout_mask(const AttentionPairs& pairs, int64_t heads, const WeightDropout& dropout);

}  // namespace seq2seq::nn
