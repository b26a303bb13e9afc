#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

/// True where the kernels of nn/output/cpu rank words: float32 on a CPU with vector instructions.
bool has_packed_ranking(const at::Tensor& weight);

/// The ranking of a full output layer by its weight [V, H] and bias [V] (undefined: none), of which it makes a copy in
/// panels. No matrix [R, V] is ever there. `plain` serves what the kernels do not: long lists, and weights that are no
/// numbers. `normalizes`: whether log-probabilities come out; otherwise logits.
std::unique_ptr<const WordRanking> packed_ranking(const OutputLayer& plain, const at::Tensor& weight,
                                                  const at::Tensor& bias, bool normalizes);

}  // namespace seq2seq::nn
