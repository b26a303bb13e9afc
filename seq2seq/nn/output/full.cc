#include "seq2seq/nn/output/full.h"

#include <algorithm>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_fill.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// z = x W' + b. [N, V]
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
}

/// Softmax and cross-entropy together with the product under them, so that one matrix [N, V] is kept instead of the
/// three that composing them would keep: the logits become the probabilities, and these the gradient.
class CrossEntropy : public torch::autograd::Function<CrossEntropy> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, const Tensor& targets, double smoothing) {
    auto z = linear(x, weight, bias.value_or(Tensor()));
    const auto column = targets.unsqueeze(1);
    const auto normalizer = z.logsumexp(1, /*keepdim=*/true);
    auto loss = (normalizer - z.gather(1, column)).squeeze(1);
    if (smoothing > 0) loss = (1 - smoothing) * loss + smoothing * (normalizer.squeeze(1) - z.mean(1));
    z.sub_(normalizer).exp_();
    context->saved_data["smoothing"] = smoothing;
    context->saved_data["bias"] = bias.has_value();
    context->save_for_backward({x, weight, targets, z});
    return loss;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &targets = saved[2], &probabilities = saved[3];
    const double smoothing = context->saved_data["smoothing"].toDouble();
    const auto from_above = gradients[0].unsqueeze(1);
    auto dz = probabilities - smoothing / static_cast<double>(weight.size(0));
    dz.scatter_add_(1, targets.unsqueeze(1), at::full({dz.size(0), 1}, smoothing - 1, dz.options()));
    dz.mul_(from_above);
    return {at::mm(dz, weight), at::mm(dz.t(), x), context->saved_data["bias"].toBool() ? dz.sum(0) : Tensor(),
            Tensor(), Tensor()};
  }
};

}  // namespace

void declare(config::Keys& keys, FullOutputOptions& options) {
  keys.add("bias", options.bias, "whether the output layer has a bias, a value a word");
}

FullOutput::FullOutput(const Options& options, const OutputContext& context) {
  const auto tensor_options = at::TensorOptions(at::kFloat).device(context.device);
  weight_ = context.tied_weight.defined()
                ? context.tied_weight
                : register_parameter("weight", at::zeros({context.vocabulary, context.cells}, tensor_options));
  if (options.bias) bias_ = register_parameter("bias", at::zeros({context.vocabulary}, tensor_options));
}

Tensor FullOutput::logits(const Tensor& features) const {
  check_shape(features, {-1, weight_.size(1)}, "features for the output layer [N, H]");
  return linear(features.to(weight_.device()), weight_, bias_);
}

Tensor FullOutput::loss(const Tensor& features, const Ids& targets, double label_smoothing) const {
  check_shape(features, {targets.size(0), weight_.size(1)}, "features for the output layer [N, H]");
  const auto device = weight_.device();
  return CrossEntropy::apply(features.to(device), weight_, bias_.defined() ? std::optional(bias_) : std::nullopt,
                             targets.to(device), label_smoothing);
}

Tensor FullOutput::score(const Tensor& features, const Ids& targets) const {
  const c10::NoGradGuard no_gradient;
  const auto z = logits(features);
  return (z.gather(1, targets.to(z.device()).unsqueeze(1)) - z.logsumexp(1, /*keepdim=*/true))
      .squeeze(1)
      .to(at::kDouble)
      .cpu();
}

TopK FullOutput::top_k(const Tensor& features, int64_t k, const Ids& banned) const {
  const c10::NoGradGuard no_gradient;
  auto z = logits(features);
  const auto normalizer = z.logsumexp(1, /*keepdim=*/true);
  const int64_t closed = banned.defined() ? banned.numel() : 0;
  if (closed > 0) z.index_fill_(1, banned.to(z.device()), -INFINITY);
  auto [best, ids] = z.topk(std::min(k, z.size(1) - closed), 1);
  // topk leaves equal scores in any order; by id, a search gives the same wherever it runs.
  const auto by_id = ids.argsort(/*stable=*/true, 1, /*descending=*/false);
  ids = ids.gather(1, by_id);
  best = best.gather(1, by_id);
  const auto by_score = best.argsort(/*stable=*/true, 1, /*descending=*/true);
  return {(best.gather(1, by_score) - normalizer).to(at::kDouble).cpu(), ids.gather(1, by_score).cpu()};
}

}  // namespace seq2seq::nn
