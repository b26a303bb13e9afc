#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

/// Returns true if the kernels of nn/output/cpu can rank words: float32 on a CPU with vector instructions.
bool has_packed_ranking(const at::Tensor& weight);

/// Returns the ranking of a full output layer by its weight [V, H] and bias [V] (may be undefined), copied into panels.
/// Never allocates a matrix [R, V]. `plain` serves the cases without a kernel: long lists, and weights that are NaN or
/// infinite. `normalizes`: whether scores are log-probabilities; otherwise logits.
std::unique_ptr<const WordRanking> packed_ranking(const OutputLayer& plain, const at::Tensor& weight,
                                                  const at::Tensor& bias, bool normalizes);

/// One of several output layers over the same words, for a mixture of their distributions.
struct MixedLayer {
  const WordRanking* ranking;
  const Features* features;  // R rows
  double weight;             // at least 0
};

/// Kind of mixture that ranks words.
enum class Mixture {
  probabilities,     // log sum_m w_m p_m
  log_probabilities  // sum_m w_m log p_m
};

/// Returns the k best words of each row by a mixture of layers. Returns no value unless each layer has a normalizing
/// ranking of packed_ranking(), or if float32 is not enough: for probabilities too small for it, and weights that are
/// NaN or infinite.
std::optional<TopK> mixture_top_k(const std::vector<MixedLayer>& layers, Mixture mixture, int64_t k, const Bans& bans);

}  // namespace seq2seq::nn
