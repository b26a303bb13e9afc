#include "seq2seq/train/coverage_loss.h"

#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/zeros_like.h>

namespace seq2seq::train {

at::Tensor coverage_losses(const at::Tensor& weights, const data::Layout& layout) {
  std::vector<at::Tensor> losses;
  at::Tensor past;  // [running, S]
  for (const auto& now : at::split_with_sizes(weights, layout.running)) {
    past = past.defined() ? past.narrow(0, 0, now.size(0)) : at::zeros_like(now);
    losses.push_back(at::minimum(now, past).sum(1));
    past = past + now;
  }
  return losses.empty() ? weights.sum(1) : at::cat(losses);
}

}  // namespace seq2seq::train
