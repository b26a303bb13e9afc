#include "seq2seq/train/clip.h"

#include <algorithm>

#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

namespace seq2seq::train {

namespace {

std::vector<at::Tensor> defined_of(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  return defined;
}

/// Groups tensors by device and type, as one kernel over many tensors needs them.
std::vector<std::vector<at::Tensor>> by_kind(const std::vector<at::Tensor>& tensors) {
  std::vector<std::vector<at::Tensor>> kinds;
  for (const auto& tensor : tensors) {
    const auto kind = std::ranges::find_if(kinds, [&](const auto& others) {
      return others.front().device() == tensor.device() && others.front().scalar_type() == tensor.scalar_type();
    });
    (kind == kinds.end() ? kinds.emplace_back() : *kind).push_back(tensor);
  }
  return kinds;
}

/// Scales gradients from the norm `from` to the norm `to`; a norm of 0 stays 0. Empty if nothing changes.
GradientEdit scaled(double from, double to) {
  if (to == from || !(from > 0)) return {};
  return [factor = to / from](const std::vector<at::Tensor>& gradients) { at::_foreach_mul_(gradients, factor); };
}

/// Multiplies by wanted / norm; a norm of 0 stays 0.
void scale(const std::vector<at::Tensor>& gradients, const at::Tensor& norm, const at::Tensor& wanted) {
  const auto defined = defined_of(gradients);
  if (defined.empty()) return;
  if (norm.is_cpu()) {
    if (const auto edit = scaled(norm.item<double>(), wanted.item<double>())) edit(defined);
    return;
  }
  // The host does not wait for the norm, so it also multiplies by a factor of 1.
  const auto factor = at::where(norm > 0, wanted / norm, at::ones_like(norm));
  for (const auto& alike : by_kind(defined)) at::_foreach_mul_(alike, factor.to(alike.front().options()));
}

}  // namespace

void declare(config::Keys&, NoClipOptions&) {}

void declare(config::Keys& keys, NormClipOptions& options) {
  keys.add("limit", options.limit, "largest norm of the gradient").above(0);
}

void declare(config::Keys& keys, ValueClipOptions& options) {
  keys.add("limit", options.limit, "largest absolute value of a component").above(0);
}

void declare(config::Keys& keys, NormRangeClipOptions& options) {
  keys.add("min", options.min, "smallest norm; smaller gradients are scaled up").at_least(0);
  keys.add("max", options.max, "largest norm; larger gradients are scaled down").above(0);
  keys.rule("max", [&options] { return options.min <= options.max ? "" : "must not be less than `min`"; });
}

std::optional<GradientEdit> NoClip::edit(double) const { return GradientEdit(); }

std::optional<GradientEdit> NormClip::edit(double norm) const { return scaled(norm, std::min(norm, options_.limit)); }

std::optional<GradientEdit> ValueClip::edit(double) const {
  return [limit = options_.limit](const std::vector<at::Tensor>& gradients) {
    at::_foreach_clamp_min_(gradients, -limit);
    at::_foreach_clamp_max_(gradients, limit);
  };
}

std::optional<GradientEdit> NormRangeClip::edit(double norm) const {
  return scaled(norm, std::clamp(norm, options_.min, options_.max));
}

void NoClip::apply(const std::vector<at::Tensor>&, const at::Tensor&) const {}

void NormClip::apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const {
  scale(gradients, norm, norm.clamp_max(options_.limit));
}

void ValueClip::apply(const std::vector<at::Tensor>& gradients, const at::Tensor&) const {
  for (const auto& alike : by_kind(defined_of(gradients))) {
    at::_foreach_clamp_min_(alike, -options_.limit);
    at::_foreach_clamp_max_(alike, options_.limit);
  }
}

void NormRangeClip::apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const {
  scale(gradients, norm, norm.clamp(options_.min, options_.max));
}

}  // namespace seq2seq::train
