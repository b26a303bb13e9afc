#pragma once

#include <cstdint>

#include "seq2seq/core/isa.h"

namespace seq2seq::nn::kernels {

/// A row's softmax over some words. The shares of all words together make the normalizer of the row.
struct ExponentialSum {
  float largest;  // logit z; -infinity: that of every word
  float sum;      // of exp(z - largest); a NaN if a logit is a NaN or infinity
};

/// The share of a row's logits z [count] in a mixture of layers `sum` [count].
struct MixtureTerm {
  const float* z;
  int64_t count;
  float normalizer;  // log sum exp of the row
  float weight;
  float* sum;
};

/// Kernels that rank the logits z [count] of a row, for one thread. `count` is a multiple of `lanes`.
struct RankingKernels {
  int64_t lanes;
  ExponentialSum (*sum)(const float* z, int64_t count);
  /// Writes the places of the logits above `least`, ascending, to `places` [count]. Returns how many there are.
  int64_t (*above)(const float* z, int64_t count, float least, int32_t* places);
  /// sum += weight * exp(z - normalizer), where this is at least e^-87; less may be taken as 0.
  void (*add_exponentials)(const MixtureTerm& term);
  /// sum += weight * (z - normalizer).
  void (*add_logs)(const MixtureTerm& term);
};

/// No function pointer is null, for any instruction set.
RankingKernels ranking_kernels(Isa isa = best_isa());

}  // namespace seq2seq::nn::kernels
