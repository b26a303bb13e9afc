#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Number of rows of logits computed at a time, of N rows and V words in float32: as many as take 256 MB, in
/// multiples of 256, and 256 at least.
int64_t rows_a_chunk(int64_t rows, int64_t vocabulary);

/// cross_entropy() for losses whose derivatives `row_scale` [N] are known ahead: all gradients are made in the forward
/// pass, some rows at a time, so that no matrix [N, V] is ever there. backward() must be run with `row_scale`. The sums
/// over chunks are in the order of the rows. `bias` undefined: none.
at::Tensor chunked_cross_entropy(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias,
                                 const Ids& targets, const at::Tensor& row_scale, double smoothing,
                                 int64_t rows_at_a_time);

}  // namespace seq2seq::nn
