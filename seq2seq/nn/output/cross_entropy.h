#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// x W' + b: rows x [N, H], weight [V, H] -> [N, V]. `bias` [V] may be undefined.
at::Tensor output_logits(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias);

/// The cross-entropy of each row's softmax with its target [N], with a graph: -log p of the target, with the share
/// `smoothing` of its weight spread evenly over all words. Keeps one matrix [N, V].
at::Tensor cross_entropy(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias, const Ids& targets,
                         double smoothing);

}  // namespace seq2seq::nn
