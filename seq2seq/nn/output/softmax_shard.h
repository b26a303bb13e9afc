#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/placement.h"

namespace seq2seq::nn {

/// The words [first, last) of a softmax over V words on one device: their rows of the matrix and the bias, and the
/// steps of the loss and its gradient. No function records a graph or waits for the device; each throws Error naming
/// the shard if its device runs out of memory. One update calls, for the same rows:
///
///     forward() in each shard -> join() at home -> logit_gradient() -> hidden_gradient(), add_weight_gradient()
///
/// Partial sums are added in the order of the shards, so results are reproducible to the bit.
class SoftmaxShard {
 public:
  /// Shard `index` of `shards`, which cover the V words as from split_words(). `weight` is a parameter [V_s, H] of this
  /// shard, or a parameter [V, H] of another part on any device (a tied embedding): each call then reads this shard's
  /// rows and copies them to its device. `bias` [V_s] is on the shard's device and may be undefined.
  SoftmaxShard(const std::vector<OutputShard>& shards, size_t index, at::Tensor weight, at::Tensor bias);

  c10::Device device() const { return place_.device; }
  int64_t first() const { return place_.first; }
  int64_t last() const { return place_.last; }
  int64_t words() const { return place_.last - place_.first; }
  int64_t vocabulary() const { return vocabulary_; }
  /// Returns true if the weight belongs to another part (a tied embedding) and this shard uses some of its rows.
  bool borrows_weight() const { return borrows_; }
  const at::Tensor& weight() const { return weight_; }  // the parameter itself
  const at::Tensor& bias() const { return bias_; }      // the parameter itself, or undefined

  /// The results of a shard's forward pass, on its device.
  struct Forward {
    at::Tensor rows;        // [N, H]
    at::Tensor targets;     // [N, 1] columns of the logits; 0 for a target of another shard; undefined without targets
    at::Tensor owned;       // [N, 1] 1 for a target of this shard, else 0; undefined without targets
    at::Tensor logits;      // [N, V_s]
    at::Tensor statistics;  // [N, 4] largest logit, sum of exp(z - largest), target's logit or 0, sum of logits
  };
  /// rows [N, H] and targets [N], ids of the whole vocabulary, on any device (a copy from the CPU waits for a GPU).
  /// `targets` may be undefined if only the normalizer is needed. `sum_logits`: computes the sum of the logits, which
  /// label smoothing needs; otherwise it is 0.
  Forward forward(const at::Tensor& rows, const Ids& targets, bool sum_logits = true) const;

  /// The derivative of the objective with respect to the logits [N, V_s], computed in the memory of the logits, which
  /// `forward` gives up. `normalizer` [N] from join() and `row_scale` [N], the derivative of the objective with respect
  /// to each loss, may be on any device; an undefined `row_scale` counts as 1.
  at::Tensor logit_gradient(Forward& forward, const at::Tensor& normalizer, const at::Tensor& row_scale,
                            double smoothing) const;

  /// Returns this shard's part [N, H] of the derivative with respect to the rows, on its device. The sum over all
  /// shards is the derivative.
  at::Tensor hidden_gradient(const at::Tensor& logit_gradient) const;

  /// Derivatives with respect to the parameters, on the shard's device; undefined until the first addition.
  struct Gradient {
    at::Tensor weight;  // [V_s, H]
    at::Tensor bias;    // [V_s]
  };
  /// Adds the contribution of these rows, which are the rows of Forward. A frozen parameter gets none.
  void add_weight_gradient(Gradient& gradient, const at::Tensor& rows, const at::Tensor& logit_gradient) const;
  /// Adds `gradient` to grad() of the parameters, without a graph. A borrowed weight gets it in this shard's rows, on
  /// its own device. The caller must not let two shards write to one parameter at the same time.
  void deliver(const Gradient& gradient) const;

  /// Returns every logit [N, V_s], on the shard's device.
  at::Tensor logits(const at::Tensor& rows) const;

 private:
  /// Returns the rows of the matrix [V_s, H], on this shard's device.
  at::Tensor matrix() const;
  template <class Work>
  auto named(const Work& work) const;

  OutputShard place_;
  size_t number_, shards_;  // from 1
  int64_t vocabulary_;
  bool borrows_;
  at::Tensor weight_, bias_;
};

struct Joined {
  at::Tensor losses;      // [N]
  at::Tensor normalizer;  // [N] log sum exp over all words
};
/// Joins the results of the shards for N rows: `statistics` [N, 4] of each, in order, all on one device. One gather is
/// enough; Megatron-LM (arXiv 1909.08053, section 3) sums over all devices twice.
Joined join(const std::vector<at::Tensor>& statistics, double smoothing, int64_t vocabulary);

}  // namespace seq2seq::nn
