#pragma once

// The operations as products of LibTorch, for double on the CPU, which gradient checks use, and for other devices.
// Groups are padded to the longest one, and their rows are gathered and multiplied as one batch. So nothing is added by
// atomics, whose order differs from run to run on a GPU, and nothing is read back from the device.

#include "seq2seq/nn/attention/operations.h"

namespace seq2seq::nn::plain {

at::Tensor dot_scores(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs);
at::Tensor additive_scores(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& v,
                           const AttentionPairs& pairs);
at::Tensor softmax_by_query(const at::Tensor& scores, const AttentionPairs& pairs);
at::Tensor sum_by_query(const at::Tensor& weights, const at::Tensor& values, const AttentionPairs& pairs);
at::Tensor multi_head_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                                const AttentionPairs& pairs, const MultiHead& shape, const WeightDropout* dropout);
at::Tensor multi_head_weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs,
                              const MultiHead& shape);

}  // namespace seq2seq::nn::plain
