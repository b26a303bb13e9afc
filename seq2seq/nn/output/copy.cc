#include "seq2seq/nn/output/copy.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// log(exp(generated) + exp(copied) c) where c >= 0 is what is copied; its gradient is finite at c = 0.
Tensor log_mixture(const Tensor& generated, const Tensor& copied, const Tensor& c) {
  const auto there = c.gt(0);
  return at::where(there, at::logaddexp(generated, copied + at::where(there, c, 1).log()), generated);
}

/// [N] the weight of one word of each row.
Tensor weight_of(const Tensor& weights, const Ids& words, const Ids& wanted) {
  return (weights * words.eq(wanted.unsqueeze(1)).to(weights.options())).sum(1);
}

/// [N, V] the weight of every word. Weights of one word are summed at its first position, so that each place is added
/// to once and the sum is the same bits every time.
Tensor weights_of_words(const Tensor& weights, const Ids& words, int64_t vocabulary) {
  const auto same = words.unsqueeze(1).eq(words.unsqueeze(2));  // [N, S, S]
  const auto sums = at::matmul(same.to(weights.options()), weights.unsqueeze(2)).squeeze(2);
  const auto seen_before = same.tril(-1).any(2);
  return at::zeros({weights.size(0), vocabulary}, weights.options())
      .scatter_add(1, words, sums.masked_fill(seen_before, 0));
}

}  // namespace

void declare(config::Keys& keys, CopyOutputOptions& options) {
  declare(keys, static_cast<FullOutputOptions&>(options));
}

CopyOutput::CopyOutput(const Options& options, const OutputContext& context)
    : FullOutput(options, context), vocabulary_(context.vocabulary) {
  if (!context.attends)
    throw UsageError(
        "`copy` needs attention with differentiable weights",
        "Set `model.attention.kind` to a kind other than none and multi_head, or `model.output.kind: full`");
  const ParameterPlace place{.device = home(), .type = context.type};
  generate_weight_ = add_parameter("generate_weight", {context.width}, {.kind = Role::Kind::scale}, place);
  generate_bias_ = add_parameter("generate_bias", {1}, {.kind = Role::Kind::bias}, place);
}

CopyOutput::Copying CopyOutput::copying(const Features& features, at::ScalarType type) const {
  TORCH_CHECK(features.attention.defined() && features.source.defined(), "copying without attention or source words");
  const auto words = features.source.to(home());
  const auto weights = features.attention.to(home(), type);
  const auto sum = weights.sum(1, /*keepdim=*/true);
  const auto looks = sum.gt(0);  // else the source has no word
  const auto gate = (at::matmul(features.rows.to(home()), generate_weight_) + generate_bias_).to(type);
  return {.weights = weights / at::where(looks, sum, 1),
          .words = at::where(words.lt(vocabulary_), words, text::unknown_id),
          .generated = at::where(looks.squeeze(1), at::log_sigmoid(gate), 0),
          .copied = at::log_sigmoid(-gate)};
}

Tensor CopyOutput::vocabulary_log_probabilities(const Features& features) const {
  std::vector<Tensor> logits;
  for (const auto& shard : FullOutput::shards()) {
    const auto& place = shard.device();
    auto weight = shard.weight();
    if (weight.size(0) != shard.words()) weight = weight.narrow(0, shard.first(), shard.words());  // a tied matrix
    logits.push_back(at::linear(features.rows.to(place), weight.to(place), shard.bias()).to(home()));
  }
  return at::log_softmax(at::cat(logits, 1), 1);
}

Tensor CopyOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  const auto copy = copying(features, features.rows.scalar_type());
  const auto wanted = targets.to(home());
  if (spec.label_smoothing == 0) {
    const auto generated = copy.generated - FullOutput::loss(features, targets, {});
    return -log_mixture(generated, copy.copied, weight_of(copy.weights, copy.words, wanted));
  }
  const auto all = log_mixture(copy.generated.unsqueeze(1) + vocabulary_log_probabilities(features),
                               copy.copied.unsqueeze(1), weights_of_words(copy.weights, copy.words, vocabulary_));
  const auto of_target = all.gather(1, wanted.unsqueeze(1)).squeeze(1);
  return -((1 - spec.label_smoothing) * of_target + spec.label_smoothing * all.mean(1));
}

Tensor CopyOutput::score(const Features& features, const Ids& targets) const {
  const c10::NoGradGuard no_gradient;
  const auto copy = copying(features, at::kDouble);
  return log_mixture(copy.generated + FullOutput::score(features, targets), copy.copied,
                     weight_of(copy.weights, copy.words, targets.to(home())));
}

TopK CopyOutput::top_k(const Features& features, int64_t k, const Bans& bans) const {
  const c10::NoGradGuard no_gradient;
  return best_words(log_probabilities(features), {}, k, bans);
}

Tensor CopyOutput::log_probabilities(const Features& features) const {
  const c10::NoGradGuard no_gradient;
  const auto copy = copying(features, at::kDouble);
  return log_mixture(copy.generated.unsqueeze(1) + FullOutput::log_probabilities(features), copy.copied.unsqueeze(1),
                     weights_of_words(copy.weights, copy.words, vocabulary_));
}

}  // namespace seq2seq::nn
