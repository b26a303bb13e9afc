#include "seq2seq/train/clip.h"

#include <algorithm>

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

namespace seq2seq::train {

void declare(config::Keys& keys, ClipOptions& options) {
  keys.add("kind", options.kind,
           {{"none", ClipKind::none},
            {"norm", ClipKind::norm},
            {"value", ClipKind::value},
            {"norm_range", ClipKind::norm_range}},
           "norm: a gradient whose norm exceeds `limit` is scaled down to it; value: every component is cut to "
           "[-limit, limit]; norm_range: "
           "the norm is brought into [min, max] from either side");
  keys.add("limit", options.limit, "largest norm (norm) or component (value)").above(0);
  keys.add("min", options.min, "smallest norm (norm_range)").at_least(0);
  keys.add("max", options.max, "largest norm (norm_range)").above(0);
  keys.rule("max", [&options] { return options.min <= options.max ? "" : "must not lie below `min`"; });
}

double gradient_norm(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  if (defined.empty()) return 0;
  // 3 million parameters take 1.0 ms this way, 0.4 with sums in float32 (2 cores, next to an update of 60 ms).
  auto norms = at::_foreach_norm(defined, 2, at::kDouble);
  for (auto& norm : norms) norm = norm.to(norms.front().device());
  return at::stack(norms).norm().item<double>();
}

void clip(const std::vector<at::Tensor>& gradients, double norm, const ClipOptions& options) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) defined.push_back(gradient);
  }
  if (options.kind == ClipKind::none || defined.empty()) return;
  if (options.kind == ClipKind::value) {
    for (auto& gradient : defined) gradient.clamp_(-options.limit, options.limit);
    return;
  }
  double wanted = norm;
  if (options.kind == ClipKind::norm) wanted = std::min(norm, options.limit);
  if (options.kind == ClipKind::norm_range) wanted = std::clamp(norm, options.min, options.max);
  if (wanted != norm && norm > 0) at::_foreach_mul_(defined, wanted / norm);
}

}  // namespace seq2seq::train
