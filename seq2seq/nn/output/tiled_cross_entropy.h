#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// True where the kernels of nn/output/cpu compute the output layer: float32 on a CPU with vector instructions, or
/// with products in bf16. Elsewhere LibTorch's products are faster, or the only ones.
bool has_tiled_cross_entropy(const at::Tensor& rows, const at::Tensor& weight);

/// cross_entropy() for losses whose derivatives `row_scale` [N] are known ahead, tile by tile: all gradients are made
/// in the forward pass, in three products, and no matrix [N, V] is ever there. backward() must be run with `row_scale`.
/// `row_scale` undefined: losses alone, without a graph, in one product. `bias` undefined: none.
at::Tensor tiled_cross_entropy(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                               const Ids& targets, const at::Tensor& row_scale, double smoothing);

}  // namespace seq2seq::nn
