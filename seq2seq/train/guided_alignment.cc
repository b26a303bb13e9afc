#include "seq2seq/train/guided_alignment.h"

#include <limits>

#include <ATen/TensorOperators.h>

namespace seq2seq::train {

using Cost = GuidedAlignmentOptions::Cost;

void declare(config::Keys& keys, GuidedAlignmentOptions& options) {
  keys.add("weight", options.weight, "weight of this loss; 0: not used").at_least(0);
  keys.add("cost", options.cost,
           {{"cross_entropy", Cost::cross_entropy}, {"squared_error", Cost::squared_error}, {"product", Cost::product}},
           "loss, given attention a and shares r of the links. cross_entropy: - sum r log a; squared_error: 1/2 sum "
           "(r - a)^2; product: - log sum r a");
}

at::Tensor alignment_losses(const at::Tensor& attention, const at::Tensor& reference, Cost cost) {
  // A weight of 0, which windowed attention can give, costs as much as the smallest positive number.
  const auto log = [](const at::Tensor& weights) { return weights.clamp_min(std::numeric_limits<float>::min()).log(); };
  const auto shares = reference.to(attention.options());
  if (cost == Cost::cross_entropy) return -(shares * log(attention)).sum(1);
  const auto linked = shares.sum(1).gt(0).to(attention.options());
  if (cost == Cost::squared_error) return (shares - attention).square().sum(1) * linked / 2;
  return -log((shares * attention).sum(1)) * linked;
}

}  // namespace seq2seq::train
