#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Returns true if the kernels of nn/output/cpu can compute the output layer: float32 on a CPU with vector
/// instructions, or with products in bf16. In all other cases LibTorch's products are faster, or the only ones.
bool has_tiled_cross_entropy(const at::Tensor& rows, const at::Tensor& weight);

/// cross_entropy() tile by tile, for losses with derivatives `row_scale` [N] that are known in advance. The forward
/// pass computes all gradients, in three products, and never allocates a matrix [N, V]. backward() must be run with
/// `row_scale`. With an undefined `row_scale` it computes only the losses, without a graph, in one product. `bias` may
/// be undefined.
at::Tensor tiled_cross_entropy(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                               const Ids& targets, const at::Tensor& row_scale, double smoothing);

}  // namespace seq2seq::nn
