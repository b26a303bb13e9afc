#include "seq2seq/nn/output/noise_contrastive.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softplus.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The sum over the noise of -log(1 - s(z - log m)) [N], in one matrix [N, K] that becomes the derivative.
class NoiseLoss : public torch::autograd::Function<NoiseLoss> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, const Tensor& vectors, const Tensor& offsets) {
    auto z = at::addmm(offsets, rows, vectors.t());  // [N, K]
    const auto loss = at::softplus(z).sum(1);
    z.sigmoid_();
    context->save_for_backward({rows, vectors, z});
    return loss;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto dz = saved[2] * gradients[0].unsqueeze(1);
    return {context->needs_input_grad(0) ? at::mm(dz, saved[1]) : Tensor(),
            context->needs_input_grad(1) ? at::mm(dz.t(), saved[0]) : Tensor(),
            context->needs_input_grad(2) ? dz.sum(0) : Tensor()};
  }
};

}  // namespace

void declare(config::Keys& keys, NoiseContrastiveOutputOptions& options) {
  declare(keys, static_cast<EstimatingOutputOptions&>(options));
  keys.add("self_normalized", options.self_normalized,
           "rank hypotheses in search by logits, without normalization, which is faster; `score` still normalizes");
}

NoiseContrastiveOutput::NoiseContrastiveOutput(const Options& options, const OutputContext& context)
    : EstimatingOutput(options, context, "noise_contrastive", -std::log(static_cast<double>(context.vocabulary))),
      self_normalized_(options.self_normalized) {}

std::string NoiseContrastiveOutput::refuses_smoothing() const {
  return "the output layer `noise_contrastive` does not support label smoothing, because its loss has no distribution "
         "over words";
}

Tensor NoiseContrastiveOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  if (spec.draw == nullptr) return FullOutput::loss(features, targets, spec);
  check_smoothing(spec);
  const auto found = candidates(features, targets, *spec.draw);
  return at::softplus(found.target_expected - found.target_logits) +
         NoiseLoss::apply(found.rows, found.sampled_vectors, found.sampled_offsets);
}

TopK NoiseContrastiveOutput::top_k(const Features& features, int64_t k, const Bans& bans) const {
  if (!self_normalized_) return FullOutput::top_k(features, k, bans);
  check_rows(features, -1);
  const c10::NoGradGuard no_gradient;
  return best_words(logits(features), /*normalizer=*/{}, k, bans);
}

std::unique_ptr<const WordRanking> NoiseContrastiveOutput::ranking() const { return ranking_of(!self_normalized_); }

}  // namespace seq2seq::nn
