#include "seq2seq/nn/output/cross_entropy.h"

#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Computes product, softmax and cross-entropy together. Keeps one matrix [N, V] instead of the three of separate
/// operations: the logits become the probabilities, and these become the gradient.
class CrossEntropy : public torch::autograd::Function<CrossEntropy> {
 public:
  /// Without a bias, the targets have its index among the inputs; they need no gradient either.
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, const Tensor& targets, double smoothing) {
    auto z = output_logits(x, weight, bias.value_or(Tensor()));
    const auto column = targets.unsqueeze(1);
    const auto normalizer = z.logsumexp(1, /*keepdim=*/true);
    auto loss = (normalizer - z.gather(1, column)).squeeze(1);
    if (smoothing > 0) loss = (1 - smoothing) * loss + smoothing * (normalizer.squeeze(1) - z.mean(1));
    z.sub_(normalizer).exp_();
    context->saved_data["smoothing"] = smoothing;
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
    // Computes no gradient for a frozen parameter.
    return {context->needs_input_grad(0) ? at::mm(dz, weight) : Tensor(),
            context->needs_input_grad(1) ? at::mm(dz.t(), x) : Tensor(),
            context->needs_input_grad(2) ? dz.sum(0) : Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor output_logits(const Tensor& rows, const Tensor& weight, const Tensor& bias) {
  return bias.defined() ? at::addmm(bias, rows, weight.t()) : at::mm(rows, weight.t());
}

Tensor cross_entropy(const Tensor& rows, const Tensor& weight, const Tensor& bias, const Ids& targets,
                     double smoothing) {
  return CrossEntropy::apply(rows, weight, bias.defined() ? std::optional(bias) : std::nullopt, targets, smoothing);
}

}  // namespace seq2seq::nn
