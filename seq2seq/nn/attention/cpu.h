#pragma once

// The operations in float32 on the CPU, without a graph: groups are dealt out to LibTorch's threads, and kernels of our
// own do each. What a group gives depends on it alone, so that neither the number of threads nor other groups change a
// bit. Matrices may have any distance between rows, but rows in one piece: by_rows().

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/attention/operations.h"

namespace seq2seq::nn::cpu {

/// Returns whether these kernels compute tensors of this type and device.
bool serve(const at::Tensor& tensor);

/// The matrix, or a copy of it where its rows are not in one piece.
at::Tensor by_rows(const at::Tensor& matrix);

/// Inputs of scores: v . tanh(q + k), or scale * q . k if v is undefined.
struct Scores {
  at::Tensor queries, keys, v;
  double scale = 1;
};

/// Derivatives by these inputs; an undefined one is not wanted, or zero.
struct Gradients {
  at::Tensor queries, keys, v, weights, values;
};

at::Tensor scores(const Scores& operands, const AttentionPairs& pairs);
Gradients scores_backward(const Scores& operands, const at::Tensor& reaching, const AttentionPairs& pairs);

at::Tensor softmax(const at::Tensor& scores, const AttentionPairs& pairs);
at::Tensor softmax_backward(const at::Tensor& weights, const at::Tensor& reaching, const AttentionPairs& pairs);

at::Tensor sum(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);
/// Of weights, unless `values_only`, and of values.
Gradients sum_backward(const at::Tensor& weights, const at::Tensor& values, const at::Tensor& reaching,
                       const AttentionPairs& pairs);

Attended attend(const Scores& operands, const at::Tensor& values, const AttentionPairs& pairs);
/// `reaching`: the derivatives by context and weights, either may be undefined. Where values are the keys themselves,
/// the derivative of keys is that of both.
Gradients attend_backward(const Scores& operands, const at::Tensor& values, const at::Tensor& weights,
                          const Attended& reaching, const AttentionPairs& pairs);

struct MultiHeadOperands {
  at::Tensor queries, keys, values;
  MultiHead shape;
  const WeightDropout* dropout = nullptr;
};

struct MultiHeadResult {
  at::Tensor context;  // [Q, h D']
  at::Tensor log_sum;  // [h, Q] of each head's scores: all that backward needs to make the weights again
};

MultiHeadResult multi_head(const MultiHeadOperands& operands, const AttentionPairs& pairs);
Gradients multi_head_backward(const MultiHeadOperands& operands, const at::Tensor& log_sum, const at::Tensor& reaching,
                              const AttentionPairs& pairs);

/// [P] the mean of the heads' weights.
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn::cpu
