#include "seq2seq/nn/output/sampled.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Smoothing {
  double share = 0;         // e
  double vocabulary = 1;    // V
  Tensor sampled_expected;  // [K] logs
};

/// log Z - z_y and its gradient in one matrix [N, K]: the logits of the drawn words become their shares of Z, and these
/// the derivative.
class SampledCrossEntropy : public torch::autograd::Function<SampledCrossEntropy> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, const Tensor& target_logits,
                        const Tensor& vectors, const Tensor& offsets, const Tensor& hits, const Smoothing& smoothing) {
    auto z = at::addmm(offsets, rows, vectors.t());  // [N, K]
    Tensor loss, weights;                            // weights [K] of the drawn logits in the mean of all logits
    if (smoothing.share > 0) {
      weights = (-smoothing.sampled_expected).exp() / smoothing.vocabulary;
      const auto logits = (z + smoothing.sampled_expected).masked_fill_(hits, 0);
      const auto mean = logits.mv(weights) + target_logits / smoothing.vocabulary;
      loss = -(1 - smoothing.share) * target_logits - smoothing.share * mean;
    } else {
      loss = -target_logits;
    }
    z.masked_fill_(hits, -std::numeric_limits<double>::infinity());
    const auto normalizer = at::logaddexp(z.logsumexp(1), target_logits);  // [N]
    z.sub_(normalizer.unsqueeze(1)).exp_();
    context->saved_data["share"] = smoothing.share;
    context->saved_data["vocabulary"] = smoothing.vocabulary;
    context->save_for_backward({rows, vectors, hits, z, (target_logits - normalizer).exp_(), weights});
    return loss + normalizer;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &rows = saved[0], &vectors = saved[1], &hits = saved[2], &shares = saved[3], &target_share = saved[4],
               &weights = saved[5];
    const double share = context->saved_data["share"].toDouble();
    auto dz = shares * gradients[0].unsqueeze(1);
    if (share > 0) dz.sub_(((share * weights) * gradients[0].unsqueeze(1)).masked_fill_(hits, 0));
    const double held = 1 - share + share / context->saved_data["vocabulary"].toDouble();
    return {context->needs_input_grad(0) ? at::mm(dz, vectors) : Tensor(),
            context->needs_input_grad(1) ? (target_share - held) * gradients[0] : Tensor(),
            context->needs_input_grad(2) ? at::mm(dz.t(), rows) : Tensor(),
            context->needs_input_grad(3) ? dz.sum(0) : Tensor(),
            Tensor(),
            Tensor()};
  }
};

}  // namespace

void declare(config::Keys& keys, SampledOutputOptions& options) {
  declare(keys, static_cast<EstimatingOutputOptions&>(options));
}

Tensor SampledOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  if (spec.draw == nullptr) return FullOutput::loss(features, targets, spec);
  const auto found = candidates(features, targets, *spec.draw);
  const auto hits = found.targets.unsqueeze(1).eq(found.words);  // [N, K] whether a drawn word is the row's target
  return SampledCrossEntropy::apply(found.rows, found.target_logits, found.sampled_vectors, found.sampled_offsets, hits,
                                    Smoothing{.share = spec.label_smoothing,
                                              .vocabulary = static_cast<double>(weight().size(0)),
                                              .sampled_expected = found.sampled_expected});
}

}  // namespace seq2seq::nn
