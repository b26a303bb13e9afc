#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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

/// One of several output layers over the same words, whose distributions are mixed.
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

/// The k best words of each row by a mixture of layers. Undefined unless each is a ranking of packed_ranking() that
/// normalizes, and where float32 does not do: probabilities too small for it, and weights that are no numbers.
std::optional<TopK> mixture_top_k(const std::vector<MixedLayer>& layers, Mixture mixture, int64_t k, const Bans& bans);

}  // namespace seq2seq::nn
