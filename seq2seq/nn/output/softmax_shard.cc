#include "seq2seq/nn/output/softmax_shard.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// [N] bool: the targets among `words` words, counted from the shard's first.
Tensor owned(const Tensor& targets, int64_t words) { return at::logical_and(targets >= 0, targets < words); }

}  // namespace

SoftmaxShard::SoftmaxShard(Tensor weight, Tensor bias, int64_t first, int64_t vocabulary)
    : weight_(std::move(weight)), bias_(std::move(bias)), first_(first), vocabulary_(vocabulary) {}

std::vector<Tensor> SoftmaxShard::parameters() const {
  return bias_.defined() ? std::vector{weight_, bias_} : std::vector{weight_};
}

Tensor SoftmaxShard::logits(const Tensor& rows) const {
  return bias_.defined() ? at::addmm(bias_, rows, weight_.t()) : at::mm(rows, weight_.t());
}

SoftmaxShard::Forward SoftmaxShard::forward(const Tensor& rows, const Ids& targets) const {
  Forward found{.rows = rows.to(device()), .targets = targets.to(device()) - first_, .logits = {}, .statistics = {}};
  found.logits = logits(found.rows);
  const auto& z = found.logits;
  const auto largest = z.amax(1);
  const auto sum = (z - largest.unsqueeze(1)).exp_().sum(1);
  const auto column = found.targets.clamp(0, words() - 1).unsqueeze(1);
  const auto of_target = z.gather(1, column).squeeze(1) * owned(found.targets, words());
  found.statistics = at::stack({largest, sum, of_target, z.sum(1)}, 1);
  return found;
}

Tensor SoftmaxShard::logit_gradient(Forward& forward, const Tensor& normalizer, const Tensor& row_scale,
                                    double smoothing) const {
  auto dz = std::exchange(forward.logits, Tensor());
  dz.sub_(normalizer.unsqueeze(1)).exp_();
  if (smoothing > 0) dz.sub_(smoothing / static_cast<double>(vocabulary_));
  const auto column = forward.targets.clamp(0, words() - 1).unsqueeze(1);
  const auto taken = owned(forward.targets, words()).to(dz.scalar_type()).mul_(smoothing - 1);
  dz.scatter_add_(1, column, taken.unsqueeze(1));
  return dz.mul_(row_scale.unsqueeze(1));
}

Tensor SoftmaxShard::hidden_gradient(const Tensor& logit_gradient) const { return at::mm(logit_gradient, weight_); }

void SoftmaxShard::add_weight_gradient(const Tensor& rows, const Tensor& logit_gradient,
                                       std::vector<Tensor>& gradients) const {
  if (weight_.requires_grad()) {
    if (gradients[0].defined()) {
      gradients[0].addmm_(logit_gradient.t(), rows);
    } else {
      gradients[0] = at::mm(logit_gradient.t(), rows);
    }
  }
  if (!bias_.defined() || !bias_.requires_grad()) return;
  const auto of_bias = logit_gradient.sum(0);
  gradients[1] = gradients[1].defined() ? gradients[1].add_(of_bias) : of_bias;
}

Joined join(const std::vector<Tensor>& statistics, double smoothing, int64_t vocabulary) {
  const auto found = at::stack(statistics);  // [S, N, 4]
  const auto largest = found.select(2, 0), sums = found.select(2, 1);
  const auto top = largest.amax(0);
  const auto normalizer = (sums * (largest - top).exp()).sum(0).log_().add_(top);
  auto losses = normalizer - found.select(2, 2).sum(0);
  if (smoothing > 0) {
    const auto mean = found.select(2, 3).sum(0) / static_cast<double>(vocabulary);
    losses = (1 - smoothing) * losses + smoothing * (normalizer - mean);
  }
  return {.losses = losses, .normalizer = normalizer};
}

}  // namespace seq2seq::nn
