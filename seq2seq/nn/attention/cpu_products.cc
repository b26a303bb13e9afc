#include "seq2seq/nn/attention/cpu_products.h"

#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::cpu {

using kernels::AttentionKernels;

void dots(const AttentionKernels& kernel, const AttentionGroup& group, const ConstMatrixRows& queries,
          const ConstMatrixRows& keys, float scale, float* pairs) {
  kernel.dots({.left = queries.row(group.first_query),
               .left_stride = queries.stride,
               .right = keys.row(group.first_key),
               .right_stride = keys.stride,
               .out = pairs,
               .out_stride = group.keys,
               .rows = group.queries,
               .columns = group.keys,
               .depth = keys.width,
               .scale = scale});
}

void sum_keys(const AttentionKernels& kernel, const AttentionGroup& group, const float* pairs,
              const ConstMatrixRows& keys, const MatrixRows& out) {
  kernel.multiply({.left = pairs,
                   .row_stride = group.keys,
                   .depth_stride = 1,
                   .right = keys.row(group.first_key),
                   .right_stride = keys.stride,
                   .out = out.row(group.first_query),
                   .out_stride = out.stride,
                   .rows = group.queries,
                   .depth = group.keys,
                   .columns = keys.width,
                   .add = false});
}

void sum_queries(const AttentionKernels& kernel, const AttentionGroup& group, const float* pairs,
                 const ConstMatrixRows& queries, const MatrixRows& out, bool add) {
  kernel.multiply({.left = pairs,
                   .row_stride = 1,
                   .depth_stride = group.keys,
                   .right = queries.row(group.first_query),
                   .right_stride = queries.stride,
                   .out = out.row(group.first_key),
                   .out_stride = out.stride,
                   .rows = group.keys,
                   .depth = group.queries,
                   .columns = queries.width,
                   .add = add});
}

}  // namespace seq2seq::nn::cpu
