#include "seq2seq/nn/attention/cpu_scorer.h"

#include <algorithm>

#include "seq2seq/nn/attention/cpu_products.h"
#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::cpu {

int64_t Scorer::scratch() const { return additive() ? kernels::additive_scratch(width()) : 0; }

void Scorer::forward(const kernels::AttentionKernels& kernel, const AttentionGroup& group, float* scores,
                     float* scratch) const {
  if (group.pairs() == 0) return;
  if (additive()) return kernel.additive_scores(additive_operands(group, scores, scratch));
  dots(kernel, group, queries_, keys_, scale_, scores);
}

void Scorer::backward(const kernels::AttentionKernels& kernel, const AttentionGroup& group, float* output_gradient,
                      MatrixRows queries, MatrixRows keys, bool add, float* v, float* scratch) const {
  if (additive()) {
    if (group.keys == 0) std::fill_n(queries.row(group.first_query), group.queries * width(), 0.0F);
    return kernel.additive_gradient(
        additive_operands(group, output_gradient, scratch),
        {.queries = queries.row(group.first_query), .keys = keys.row(group.first_key), .v = v});
  }
  sum_keys(kernel, group, output_gradient, keys_, queries);
  sum_queries(kernel, group, output_gradient, queries_, keys, add);
}

kernels::AdditiveScores Scorer::additive_operands(const AttentionGroup& group, float* scores, float* scratch) const {
  return {.queries = queries_.row(group.first_query),
          .query_stride = queries_.stride,
          .keys = keys_.row(group.first_key),
          .key_stride = keys_.stride,
          .v = v_,
          .scores = scores,
          .rows = group.queries,
          .columns = group.keys,
          .width = width(),
          .scratch = scratch};
}

}  // namespace seq2seq::nn::cpu
