#include "seq2seq/train/clip.h"

#include <algorithm>

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

namespace seq2seq::train {

namespace {

std::vector<at::Tensor> defined_of(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  return defined;
}

void scale(const std::vector<at::Tensor>& gradients, double norm, double wanted) {
  const auto defined = defined_of(gradients);
  if (wanted != norm && norm > 0 && !defined.empty()) at::_foreach_mul_(defined, wanted / norm);
}

}  // namespace

double gradient_norm(const std::vector<at::Tensor>& gradients) {
  const auto defined = defined_of(gradients);
  if (defined.empty()) return 0;
  // 3 million parameters take 1.0 ms this way, 0.4 with sums in float32 (2 cores, next to an update of 60 ms).
  auto norms = at::_foreach_norm(defined, 2, at::kDouble);
  for (auto& norm : norms) norm = norm.to(norms.front().device());
  return at::stack(norms).norm().item<double>();
}

void declare(config::Keys&, NoClipOptions&) {}

void declare(config::Keys& keys, NormClipOptions& options) {
  keys.add("limit", options.limit, "largest norm: a gradient whose norm exceeds it is scaled down to it").above(0);
}

void declare(config::Keys& keys, ValueClipOptions& options) {
  keys.add("limit", options.limit, "largest component: each is cut to [-limit, limit]").above(0);
}

void declare(config::Keys& keys, NormRangeClipOptions& options) {
  keys.add("min", options.min, "smallest norm: a gradient of a smaller one is scaled up to it").at_least(0);
  keys.add("max", options.max, "largest norm: a gradient of a larger one is scaled down to it").above(0);
  keys.rule("max", [&options] { return options.min <= options.max ? "" : "must not lie below `min`"; });
}

void NoClip::apply(const std::vector<at::Tensor>&, double) const {}

void NormClip::apply(const std::vector<at::Tensor>& gradients, double norm) const {
  scale(gradients, norm, std::min(norm, options_.limit));
}

void ValueClip::apply(const std::vector<at::Tensor>& gradients, double) const {
  for (auto& gradient : defined_of(gradients)) gradient.clamp_(-options_.limit, options_.limit);
}

void NormRangeClip::apply(const std::vector<at::Tensor>& gradients, double norm) const {
  scale(gradients, norm, std::clamp(norm, options_.min, options_.max));
}

}  // namespace seq2seq::train
