#pragma once

#include <cstdint>

#include "seq2seq/nn/attention/cpu.h"
#include "seq2seq/nn/attention/cpu_parts.h"

namespace seq2seq::nn::kernels {
struct AdditiveScores;
struct AttentionKernels;
}  // namespace seq2seq::nn::kernels

namespace seq2seq::nn::cpu {

/// Computes the scores of a group and their backward pass.
class Scorer {
 public:
  explicit Scorer(const Scores& operands)
      : queries_(operands.queries),
        keys_(operands.keys),
        v_(operands.v.defined() ? operands.v.const_data_ptr<float>() : nullptr),
        scale_(static_cast<float>(operands.scale)) {}

  bool additive() const { return v_ != nullptr; }
  int64_t width() const { return keys_.width; }
  int64_t scratch() const;  // floats
  /// In multiply-adds; a tanh counts as about eight.
  int64_t cost_of_pair() const { return additive() ? 8 * width() : width(); }

  void forward(const kernels::AttentionKernels& kernel, const AttentionGroup& group, float* scores,
               float* scratch) const;

  /// Writes the derivatives of the group's queries, writes or adds those of its keys, and adds those of v.
  /// `output_gradient` [queries, keys]: the derivatives with respect to the scores, times the scale.
  void backward(const kernels::AttentionKernels& kernel, const AttentionGroup& group, float* output_gradient,
                MatrixRows queries, MatrixRows keys, bool add, float* v, float* scratch) const;

 private:
  kernels::AdditiveScores additive_operands(const AttentionGroup& group, float* scores, float* scratch) const;

  ConstMatrixRows queries_, keys_;
  const float* v_;
  float scale_;
};

}  // namespace seq2seq::nn::cpu
