#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// The words [first, first + V_s) of a softmax over V words: their rows of the matrix and of the bias, on one device.
/// What it computes is split up so that several shards can work at the same time: forward() by itself; then, when
/// join() has told the normalizer, the derivatives of its logits, and from these, at any time, those of rows and
/// weights. Without autograd; nothing waits for a device.
class SoftmaxShard {
 public:
  /// weight [V_s, H], bias [V_s] or undefined.
  SoftmaxShard(at::Tensor weight, at::Tensor bias, int64_t first, int64_t vocabulary);

  c10::Device device() const { return weight_.device(); }
  int64_t first() const { return first_; }
  int64_t words() const { return weight_.size(0); }
  int64_t vocabulary() const { return vocabulary_; }
  /// Weight, then the bias if there is one.
  std::vector<at::Tensor> parameters() const;

  /// What it finds of each row by itself.
  struct Forward {
    at::Tensor rows, targets;  // [N, H], [N] on its device, counted from its first word
    at::Tensor logits;         // [N, V_s]
    at::Tensor statistics;     // [N, 4]: largest logit, sum of exp(z - largest), the target's logit, sum of logits
  };
  static constexpr int64_t statistics = 4;
  /// rows [N, H] and targets [N], ids of the whole vocabulary, from any device. A target of another shard has logit 0.
  Forward forward(const at::Tensor& rows, const Ids& targets) const;

  /// The derivative of the objective by the logits [N, V_s], in the memory of `forward.logits`. `normalizer` [N] of
  /// join() and `row_scale` [N], see LossSpec, lie on its device.
  at::Tensor logit_gradient(Forward& forward, const at::Tensor& normalizer, const at::Tensor& row_scale,
                            double smoothing) const;
  /// Its part of the derivative by the rows [N, H].
  at::Tensor hidden_gradient(const at::Tensor& logit_gradient) const;
  /// Adds the derivatives of its parameters, in their order; made where they are undefined, left where frozen.
  void add_weight_gradient(const at::Tensor& rows, const at::Tensor& logit_gradient,
                           std::vector<at::Tensor>& gradients) const;
  /// x W' + b. [N, V_s]
  at::Tensor logits(const at::Tensor& rows) const;

 private:
  at::Tensor weight_, bias_;
  int64_t first_, vocabulary_;
};

/// What all shards together know of each row [N].
struct Joined {
  at::Tensor losses;      // negative log-likelihood, smoothed
  at::Tensor normalizer;  // log sum exp of all logits
};
/// Joins the shards' statistics [N, 4], which lie on one device: one gather, where Megatron-LM's parallel cross-entropy
/// (Shoeybi et al. 2019, arXiv 1909.08053) reduces twice.
Joined join(const std::vector<at::Tensor>& statistics, double smoothing, int64_t vocabulary);

}  // namespace seq2seq::nn
