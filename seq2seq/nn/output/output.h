#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// The k most probable words of each row, best first; those of equal score in order of their ids.
struct TopK {
  at::Tensor scores;  // [R, k] natural log-probabilities, float64
  Ids ids;            // [R, k]
};

struct OutputContext {
  int64_t cells = 0;       // H: width of the decoder's rows
  int64_t vocabulary = 0;  // V, specials included
  at::Tensor tied_weight;  // [V, H] the target embedding when tied, else undefined
  c10::Device device{c10::kCPU};
};

/// From decoder states to probabilities of words. The full matrix [N, V] is never the caller's business.
class OutputLayer : public torch::nn::Module {
 public:
  /// features [N, H], targets [N] -> the negative log-likelihood of each row [N], what training descends. With
  /// `label_smoothing` e the target distribution is (1-e) on the target and e/V on every word (Szegedy et al. 2016).
  /// May be an estimate in layers that sample.
  virtual at::Tensor loss(const at::Tensor& features, const Ids& targets, double label_smoothing) const = 0;
  /// The exact natural log-probability of each target [N], float64, no gradient: what validation, scoring and search
  /// report.
  virtual at::Tensor score(const at::Tensor& features, const Ids& targets) const = 0;
  /// The k best words of each row; those in `banned` [n] never come up.
  virtual TopK top_k(const at::Tensor& features, int64_t k, const Ids& banned) const = 0;
};

using OutputRegistry = Registry<OutputLayer, const OutputContext&>;
OutputRegistry builtin_outputs();  // full

}  // namespace seq2seq::nn
