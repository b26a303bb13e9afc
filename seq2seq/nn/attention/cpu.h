#pragma once

// The operations in float32 on the CPU, without a graph: LibTorch's threads share the groups, and our own kernels
// compute each. A group's result depends only on that group: neither the number of threads nor other groups change a
// bit. Matrices may have any distance between rows, but each row must be contiguous: by_rows().

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/attention/operations.h"

namespace seq2seq::nn::cpu {

/// Returns true if these kernels compute tensors of this type and device.
bool serve(const at::Tensor& tensor);

/// Returns the matrix, or a copy of it if its rows are not contiguous.
at::Tensor by_rows(const at::Tensor& matrix);

/// Inputs of scores: v . tanh(q + k), or scale * q . k with an undefined v.
struct Scores {
  at::Tensor queries, keys, v;
  double scale = 1;
};

/// Derivatives with respect to these inputs; undefined: not wanted, or zero.
struct Gradients {
  at::Tensor queries, keys, v, weights, values;
};

at::Tensor scores(const Scores& operands, const AttentionPairs& pairs);
Gradients scores_backward(const Scores& operands, const at::Tensor& output_gradient, const AttentionPairs& pairs);

at::Tensor softmax(const at::Tensor& scores, const AttentionPairs& pairs);
at::Tensor softmax_backward(const at::Tensor& weights, const at::Tensor& output_gradient, const AttentionPairs& pairs);

at::Tensor sum(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);
/// Derivatives with respect to the values and the weights.
Gradients sum_backward(const at::Tensor& weights, const at::Tensor& values, const at::Tensor& output_gradient,
                       const AttentionPairs& pairs);

Attended attend(const Scores& operands, const at::Tensor& values, const AttentionPairs& pairs);
/// `output_gradient`: the derivatives with respect to context and weights; either may be undefined. If the values are
/// the keys themselves, the derivative with respect to the keys includes the derivative with respect to the values.
Gradients attend_backward(const Scores& operands, const at::Tensor& values, const at::Tensor& weights,
                          const Attended& output_gradient, const AttentionPairs& pairs);

struct MultiHeadOperands {
  at::Tensor queries, keys, values;
  MultiHead shape;
  const WeightDropout* dropout = nullptr;
};

struct MultiHeadResult {
  at::Tensor context;  // [Q, h D']
  at::Tensor log_sum;  // [h, Q] log of the sum of each head's exponentials, from which backward recomputes the weights
};

MultiHeadResult multi_head(const MultiHeadOperands& operands, const AttentionPairs& pairs);
Gradients multi_head_backward(const MultiHeadOperands& operands, const at::Tensor& log_sum,
                              const at::Tensor& output_gradient, const AttentionPairs& pairs);

/// Returns the mean of the heads' weights [P].
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn::cpu
