#include "seq2seq/nn/output/copy.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// log(exp(generated) + exp(copied) c), where c >= 0 is the copied weight; the gradient is finite at c = 0.
Tensor log_mixture(const Tensor& generated, const Tensor& copied, const Tensor& c) {
  const auto there = c.gt(0);
  return at::where(there, at::logaddexp(generated, copied + at::where(there, c, 1).log()), generated);
}

/// [N] The weight of one word per row.
Tensor weight_of(const Tensor& weights, const Ids& words, const Ids& wanted) {
  return (weights * words.eq(wanted.unsqueeze(1)).to(weights.options())).sum(1);
}

/// [N, S] The weight of each position's word: summed at its first position, 0 at the others.
Tensor weights_of_positions(const Tensor& weights, const Ids& words) {
  const auto same = words.unsqueeze(1).eq(words.unsqueeze(2));  // [N, S, S]
  const auto sums = at::matmul(same.to(weights.options()), weights.unsqueeze(2)).squeeze(2);
  const auto seen_before = same.tril(-1).any(2);
  return sums.masked_fill(seen_before, 0);
}

/// [N, V] The weight of every word of the vocabulary. Each element is added to only once, so the sum is reproducible to
/// the bit.
Tensor weights_of_words(const Tensor& weights, const Ids& words, int64_t vocabulary) {
  const auto beyond = words.ge(vocabulary);
  return at::zeros({weights.size(0), vocabulary}, weights.options())
      .scatter_add(1, words.masked_fill(beyond, 0), weights_of_positions(weights, words).masked_fill(beyond, 0));
}

/// Returns the bans of words within the vocabulary.
Bans within(Bans bans, int64_t vocabulary) {
  if (bans.words.defined()) bans.words = bans.words.masked_select(bans.words.lt(vocabulary));
  if (bans.row_words.defined()) {
    const auto kept = bans.row_words.lt(vocabulary);
    bans.row_words = bans.row_words.masked_select(kept);
    bans.rows = bans.rows.masked_select(kept.to(bans.rows.device()));
  }
  return bans;
}

/// [N, S] bool: which words are banned.
Tensor banned(const Ids& words, const Bans& bans) {
  auto found = at::zeros(words.sizes(), words.options().dtype(at::kBool));
  if (bans.words.defined()) found = words.unsqueeze(2).eq(bans.words.to(words.device())).any(2);
  if (bans.row_words.defined()) {
    const auto rows = bans.rows.to(words.device());
    const auto of_row = words.index_select(0, rows).eq(bans.row_words.to(words.device()).unsqueeze(1));  // [m, S]
    found = found.to(at::kLong).index_add(0, rows, of_row.to(at::kLong)).gt(0);
  }
  return found;
}

}  // namespace

void declare(config::Keys& keys, CopyOutputOptions& options) {
  declare(keys, static_cast<FullOutputOptions&>(options));
  keys.add(
      "extended_vocabulary", options.extended_vocabulary,
      "also copy source words that are not in the target vocabulary, and train on them as targets; false: they are "
      "the unknown word");
}

CopyOutput::CopyOutput(const Options& options, const OutputContext& context)
    : FullOutput(options, context), vocabulary_(context.vocabulary), extended_(options.extended_vocabulary) {
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
  const auto looks = sum.gt(0);  // otherwise the source has no word
  const auto gate = (at::matmul(features.rows.to(home()), generate_weight_) + generate_bias_).to(type);
  return {.weights = weights / at::where(looks, sum, 1),
          .words = extended_ ? words : known(words),
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

Ids CopyOutput::known(const Ids& words) const { return at::where(words.lt(vocabulary_), words, text::unknown_id); }

Tensor CopyOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  const auto copy = copying(features, features.rows.scalar_type());
  const auto wanted = targets.to(home());
  const auto of_vocabulary = extended_ ? known(wanted) : wanted;
  const auto with_copy = [&](const Tensor& of_target) {
    if (!extended_) return of_target;
    // A weight of 0, which windowed attention can give, costs as much as the smallest positive weight.
    constexpr float smallest = std::numeric_limits<float>::min();
    const auto weight = weight_of(copy.weights, copy.words, wanted).clamp_min(smallest);
    return at::where(wanted.lt(vocabulary_), of_target, copy.copied + weight.log());
  };
  if (spec.label_smoothing == 0) {
    const auto generated = copy.generated - FullOutput::loss(features, of_vocabulary, {});
    return -with_copy(log_mixture(generated, copy.copied, weight_of(copy.weights, copy.words, of_vocabulary)));
  }
  const auto all = log_mixture(copy.generated.unsqueeze(1) + vocabulary_log_probabilities(features),
                               copy.copied.unsqueeze(1), weights_of_words(copy.weights, copy.words, vocabulary_));
  const auto of_target = with_copy(all.gather(1, of_vocabulary.unsqueeze(1)).squeeze(1));
  return -((1 - spec.label_smoothing) * of_target + spec.label_smoothing * all.mean(1));
}

Tensor CopyOutput::score(const Features& features, const Ids& targets) const {
  const c10::NoGradGuard no_gradient;
  const auto copy = copying(features, at::kDouble);
  const auto wanted = targets.to(home());
  const auto of_vocabulary = extended_ ? known(wanted) : wanted;
  const auto score = log_mixture(copy.generated + FullOutput::score(features, of_vocabulary), copy.copied,
                                 weight_of(copy.weights, copy.words, of_vocabulary));
  if (!extended_) return score;
  return at::where(wanted.lt(vocabulary_), score, copy.copied + weight_of(copy.weights, copy.words, wanted).log());
}

Tensor CopyOutput::log_probabilities(const Features& features, const Copying& copy) const {
  return log_mixture(copy.generated.unsqueeze(1) + FullOutput::log_probabilities(features), copy.copied.unsqueeze(1),
                     weights_of_words(copy.weights, copy.words, vocabulary_));
}

TopK CopyOutput::top_k(const Features& features, int64_t k, const Bans& bans) const {
  const c10::NoGradGuard no_gradient;
  const auto copy = copying(features, at::kDouble);
  const auto of_vocabulary = log_probabilities(features, copy);
  if (!extended_) return best_words(of_vocabulary, {}, k, bans);
  // One more column for each position of the source, in order of ids.
  const auto [words, order] = copy.words.sort(/*stable=*/true, 1, /*descending=*/false);
  const auto weights = weights_of_positions(copy.weights.gather(1, order), words);
  const auto closed = words.lt(vocabulary_).logical_or(banned(words, bans));
  const auto beyond =
      (copy.copied.unsqueeze(1) + weights.log()).masked_fill(closed, -std::numeric_limits<double>::infinity());
  auto best = best_words(at::cat({of_vocabulary, beyond}, 1), {}, k, within(bans, vocabulary_));
  const auto position = (best.ids - vocabulary_).clamp_min(0);
  best.ids = at::where(best.ids.lt(vocabulary_), best.ids, words.gather(1, position));
  return best;
}

Tensor CopyOutput::log_probabilities(const Features& features) const {
  const c10::NoGradGuard no_gradient;
  const auto copy = copying(features, at::kDouble);
  const auto of_vocabulary = log_probabilities(features, copy);
  const int64_t ids = extended_ && copy.words.numel() > 0 ? copy.words.max().item<int64_t>() + 1 : 0;
  if (ids <= vocabulary_) return of_vocabulary;
  const auto known_words = copy.words.lt(vocabulary_);
  const auto beyond = at::zeros({of_vocabulary.size(0), ids - vocabulary_}, of_vocabulary.options())
                          .scatter_add(1, (copy.words - vocabulary_).clamp_min(0),
                                       weights_of_positions(copy.weights, copy.words).masked_fill(known_words, 0));
  return at::cat({of_vocabulary, copy.copied.unsqueeze(1) + beyond.log()}, 1);
}

}  // namespace seq2seq::nn
