#include "seq2seq/nn/output/softmax_shard.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Number of exponentials computed at a time, so that no second matrix [N, V_s] is needed.
constexpr int64_t kAtOnce = int64_t{1} << 22;

/// Returns the type of maxima and sums.
at::ScalarType statistics_type(const Tensor& logits) {
  return c10::isReducedFloatingType(logits.scalar_type()) ? at::kFloat : logits.scalar_type();
}

/// Sum of exp(z - largest) of each row. [N]
Tensor sum_of_exponentials(const Tensor& logits, const Tensor& largest) {
  auto sums = at::zeros({logits.size(0)}, logits.options().dtype(statistics_type(logits)));
  const int64_t rows = std::max<int64_t>(1, kAtOnce / logits.size(1));
  for (int64_t first = 0; first < logits.size(0); first += rows) {
    const int64_t count = std::min(rows, logits.size(0) - first);
    auto shares = logits.narrow(0, first, count) - largest.narrow(0, first, count).unsqueeze(1);
    sums.narrow(0, first, count).copy_(shares.exp_().sum(1, /*keepdim=*/false, sums.scalar_type()));
  }
  return sums;
}

}  // namespace

SoftmaxShard::SoftmaxShard(const std::vector<OutputShard>& shards, size_t index, Tensor weight, Tensor bias)
    : place_(shards.at(index)),
      number_(index + 1),
      shards_(shards.size()),
      vocabulary_(shards.back().last),
      borrows_(weight.size(0) != place_.last - place_.first || weight.device() != place_.device),
      weight_(std::move(weight)),
      bias_(std::move(bias)) {}

template <class Work>
auto SoftmaxShard::named(const Work& work) const {
  try {
    const c10::NoGradGuard no_gradient;
    return work();
  } catch (const c10::OutOfMemoryError&) {
    throw Error(fmt::format("output shard {} of {} (words {} to {}) on {} ran out of memory", number_, shards_,
                            format_count(place_.first), format_count(place_.last - 1), place_.device.str()),
                "Give it fewer words with `placement.shares`, name more devices under `placement.output`, or use "
                "smaller batches");
  }
}

Tensor SoftmaxShard::matrix() const {
  const auto rows = weight_.size(0) == words() ? weight_.detach() : weight_.detach().narrow(0, first(), words());
  return rows.to(device());
}

Tensor SoftmaxShard::logits(const Tensor& rows) const {
  return named([&] {
    const auto here = rows.detach().to(device());
    return bias_.defined() ? at::addmm(bias_, here, matrix().t()) : at::mm(here, matrix().t());
  });
}

SoftmaxShard::Forward SoftmaxShard::forward(const Tensor& rows, const Ids& targets, bool sum_logits) const {
  return named([&] {
    Forward found{.rows = rows.detach().to(device()), .targets = {}, .owned = {}, .logits = {}, .statistics = {}};
    found.logits = logits(found.rows);
    const auto type = statistics_type(found.logits);
    const auto largest = found.logits.amax(1);  // [N]
    auto of_target = at::zeros({rows.size(0)}, found.logits.options().dtype(type));
    if (targets.defined()) {
      const auto local = targets.to(device()).sub(first()).unsqueeze(1);
      found.owned = local.ge(0).logical_and_(local.lt(words())).to(found.logits.scalar_type());
      found.targets = local.clamp(0, words() - 1);
      // Fills instead of multiplying: another word's logit may be infinite.
      of_target = found.logits.gather(1, found.targets).masked_fill_(found.owned.eq(0), 0).squeeze(1).to(type);
    }
    const auto sum = sum_logits ? found.logits.sum(1, /*keepdim=*/false, type) : at::zeros_like(of_target);
    found.statistics = at::stack({largest.to(type), sum_of_exponentials(found.logits, largest), of_target, sum}, 1);
    return found;
  });
}

Tensor SoftmaxShard::logit_gradient(Forward& forward, const Tensor& normalizer, const Tensor& row_scale,
                                    double smoothing) const {
  return named([&] {
    auto gradient = std::exchange(forward.logits, Tensor());
    gradient.sub_(normalizer.detach().to(device()).unsqueeze(1)).exp_();
    if (smoothing > 0) gradient.sub_(smoothing / static_cast<double>(vocabulary_));
    gradient.scatter_add_(1, forward.targets, forward.owned * (smoothing - 1));
    if (row_scale.defined()) gradient.mul_(row_scale.detach().to(device(), gradient.scalar_type()).unsqueeze(1));
    return gradient;
  });
}

Tensor SoftmaxShard::hidden_gradient(const Tensor& logit_gradient) const {
  return named([&] { return at::mm(logit_gradient, matrix()); });
}

void SoftmaxShard::add_weight_gradient(Gradient& gradient, const Tensor& rows, const Tensor& logit_gradient) const {
  named([&] {
    if (weight_.requires_grad()) {
      const auto transposed = logit_gradient.t();
      gradient.weight = gradient.weight.defined() ? gradient.weight.addmm_(transposed, rows) : at::mm(transposed, rows);
    }
    if (bias_.defined() && bias_.requires_grad()) {
      auto sum = logit_gradient.sum(0);
      gradient.bias = gradient.bias.defined() ? gradient.bias.add_(sum) : std::move(sum);
    }
  });
}

void SoftmaxShard::deliver(const Gradient& gradient) const {
  named([&] {
    if (gradient.bias.defined()) {
      auto& sum = bias_.mutable_grad();
      sum = sum.defined() ? sum.add_(gradient.bias) : gradient.bias;
    }
    if (!gradient.weight.defined()) return;
    auto& sum = weight_.mutable_grad();
    if (weight_.size(0) == words() && !borrows_) {
      sum = sum.defined() ? sum.add_(gradient.weight) : gradient.weight;
      return;
    }
    if (!sum.defined()) sum = at::zeros_like(weight_.detach());
    const int64_t row = weight_.size(0) == words() ? 0 : first();
    sum.narrow(0, row, words()).add_(gradient.weight.to(sum.device()));
  });
}

Joined join(const std::vector<Tensor>& statistics, double smoothing, int64_t vocabulary) {
  const c10::NoGradGuard no_gradient;
  const auto all = at::stack(statistics);       // [S, N, 4]
  const auto largest = all.select(2, 0);        // [S, N]
  const auto target = all.select(2, 2).sum(0);  // [N]
  const auto of_all = largest.amax(0);          // [N]
  const auto sum = (all.select(2, 1) * (largest - of_all).exp()).sum(0);
  Joined joined{.losses = {}, .normalizer = of_all + sum.log()};
  joined.losses = joined.normalizer - target;
  if (smoothing > 0) {
    const auto mean = all.select(2, 3).sum(0) / static_cast<double>(vocabulary);
    joined.losses = (1 - smoothing) * joined.losses + smoothing * (joined.normalizer - mean);
  }
  return joined;
}

}  // namespace seq2seq::nn
