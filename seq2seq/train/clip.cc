#include "seq2seq/train/clip.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <ATen/Parallel.h>
#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

namespace seq2seq::train {

namespace {

std::vector<at::Tensor> defined_of(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  return defined;
}

/// Tensors of one device and type together: what one kernel over many tensors takes.
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

bool in_plain_memory(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

/// Four sums taken in turn: LibTorch's order, whose own norm of float32 in double first writes all of it out in double
/// (an update of one pair with 1.3 million parameters takes a tenth longer with that).
double plain_norm(const at::Tensor& gradient) {
  constexpr int64_t kSums = 4;
  const auto* values = gradient.const_data_ptr<float>();
  const auto square = [&](int64_t at) { return double{values[at]} * double{values[at]}; };
  const int64_t whole = gradient.numel() / kSums * kSums;
  std::array<double, kSums> sums{};
  for (int64_t at = 0; at < whole; at += kSums) {
    for (int64_t sum = 0; sum < kSums; ++sum) sums[static_cast<size_t>(sum)] += square(at + sum);
  }
  double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  for (int64_t at = whole; at < gradient.numel(); ++at) total += square(at);
  return std::sqrt(total);
}

/// [tensors] float64
at::Tensor plain_norms(const std::vector<at::Tensor>& gradients) {
  auto norms = at::empty({static_cast<int64_t>(gradients.size())}, at::kDouble);
  auto* const to = norms.mutable_data_ptr<double>();
  at::parallel_for(0, norms.numel(), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) to[i] = plain_norm(gradients[static_cast<size_t>(i)]);
  });
  return norms;
}

/// Multiplies by wanted / norm; a norm of 0 stays 0.
void scale(const std::vector<at::Tensor>& gradients, const at::Tensor& norm, const at::Tensor& wanted) {
  const auto defined = defined_of(gradients);
  if (defined.empty()) return;
  if (norm.is_cpu()) {
    const double from = norm.item<double>(), to = wanted.item<double>();
    if (to != from && from > 0) at::_foreach_mul_(defined, to / from);
    return;
  }
  // Without waiting for the device nothing is known of the norm, so that a factor of 1 is multiplied by, too.
  const auto factor = at::where(norm > 0, wanted / norm, at::ones_like(norm));
  for (const auto& alike : by_kind(defined)) at::_foreach_mul_(alike, factor.to(alike.front().options()));
}

}  // namespace

at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients) {
  const auto defined = defined_of(gradients);
  if (defined.empty()) return at::zeros({}, at::kDouble);
  if (std::ranges::all_of(defined, in_plain_memory)) return plain_norms(defined).norm();
  auto norms = at::_foreach_norm(defined, 2, at::kDouble);
  for (auto& norm : norms) norm = norm.to(norms.front().device());
  return at::stack(norms).norm();
}

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
  keys.rule("max", [&options] { return options.min <= options.max ? "" : "must not lie below `min`"; });
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
