#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Returns the number of rows of logits computed at a time, of N rows and V words in float32: as many as take 256 MB,
/// in multiples of 256, and at least 256.
int64_t rows_per_chunk(int64_t rows, int64_t vocabulary);

/// cross_entropy() for losses with derivatives `row_scale` [N] that are known in advance. The forward pass computes all
/// gradients, some rows at a time, and never allocates a matrix [N, V]. backward() must be run with `row_scale`. Sums
/// over chunks follow the order of the rows. `bias` may be undefined.
at::Tensor chunked_cross_entropy(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                                 const Ids& targets, const at::Tensor& row_scale, double smoothing,
                                 int64_t rows_at_a_time);

}  // namespace seq2seq::nn
