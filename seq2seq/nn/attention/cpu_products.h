#pragma once

#include "seq2seq/nn/attention/cpu_parts.h"
#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn::kernels {
struct AttentionKernels;
}  // namespace seq2seq::nn::kernels

/// Products over the pairs of a group. `pairs`: a number for each pair, [queries, keys].
namespace seq2seq::nn::cpu {

/// Writes `scale` times the product of each query with each key.
void dots(const kernels::AttentionKernels& kernel, const AttentionGroup& group, const ConstMatrixRows& queries,
          const ConstMatrixRows& keys, float scale, float* pairs);

/// Writes for each query the sum of the keys, weighted by the pairs.
void sum_keys(const kernels::AttentionKernels& kernel, const AttentionGroup& group, const float* pairs,
              const ConstMatrixRows& keys, const MatrixRows& out);

/// Writes or adds for each key the sum of the queries, weighted by the pairs.
void sum_queries(const kernels::AttentionKernels& kernel, const AttentionGroup& group, const float* pairs,
                 const ConstMatrixRows& queries, const MatrixRows& out, bool add);

}  // namespace seq2seq::nn::cpu
