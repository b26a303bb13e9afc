#include "seq2seq/nn/output/full.h"

#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/logsumexp.h>
#include <c10/core/GradMode.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/output/chunked_cross_entropy.h"
#include "seq2seq/nn/output/cross_entropy.h"
#include "seq2seq/nn/output/packed_ranking.h"
#include "seq2seq/nn/output/sharded.h"
#include "seq2seq/nn/output/tiled_cross_entropy.h"
#include "seq2seq/nn/slice.h"

namespace seq2seq::nn {
using at::Tensor;

void declare(config::Keys& keys, FullOutputOptions& options) { keys.add("bias", options.bias, "add a bias per word"); }

FullOutput::FullOutput(const Options& options, const OutputContext& context, std::optional<double> bias_start) {
  auto places = context.placement.output;
  if (places.empty()) places.push_back({.device = context.placement.device});
  places = with_words(places, context.vocabulary);
  const bool tied = context.tied_weight.defined(), whole = places.size() == 1;
  if (tied && whole) places.front().device = context.tied_weight.device();  // product and bias on one device
  const Role weight{.kind = Role::Kind::projection, .row_per_word = true};
  const Role bias{.kind = Role::Kind::bias, .row_per_word = true, .start = bias_start};
  const auto add = [&](const std::string& name, const OutputShard& shard, const Role& role) {
    const Slice slice = whole ? Slice{name} : Slice{name, shard.first, shard.last};
    std::vector<int64_t> shape{shard.last - shard.first};
    if (role.kind != Role::Kind::bias) shape.push_back(context.width);
    return add_parameter(name_of(slice), shape, role, {.device = shard.device, .type = context.type});
  };
  std::vector<at::Tensor> weights(places.size(), context.tied_weight), biases(places.size());
  if (tied) use_parameter(context.tied_weight, weight);
  for (size_t i = 0; i < places.size() && !tied; ++i) weights[i] = add("weight", places[i], weight);
  for (size_t i = 0; i < places.size() && options.bias; ++i) biases[i] = add("bias", places[i], bias);
  for (size_t i = 0; i < places.size(); ++i) shards_.emplace_back(places, i, weights[i], biases[i]);
  weight_ = weights.front();
  bias_ = biases.front();
}

void FullOutput::check_rows(const Features& features, int64_t rows) const {
  check_shape(features.rows, {rows, weight_.size(1)}, "rows for the output layer [N, H]");
}

Tensor FullOutput::logits(const Features& features) const {
  return output_logits(features.rows.to(weight_.device()), weight_, bias_);
}

Tensor FullOutput::loss(const Features& features, const Ids& targets, const LossSpec& spec) const {
  check_rows(features, targets.size(0));
  if (is_sharded()) return sharded_loss(shards_, features.rows, targets, spec);
  const auto device = weight_.device();
  const auto rows = features.rows.to(device);
  const auto here = targets.to(device);
  const bool known_ahead = spec.row_scale.defined() && c10::GradMode::is_enabled();
  if (has_tiled_cross_entropy(rows, weight_) && (known_ahead || !c10::GradMode::is_enabled()))
    return tiled_cross_entropy(rows, weight_, bias_, here, spec.row_scale, spec.label_smoothing);
  // Chunks keep the weight's derivative [V, H] until the backward pass, instead of the probabilities [N, V].
  const bool keeps_less = rows.size(0) >= rows.size(1);
  if (device.is_cpu() || !keeps_less || !known_ahead)
    return cross_entropy(rows, weight_, bias_, here, spec.label_smoothing);
  return chunked_cross_entropy(rows, weight_, bias_, here, spec.row_scale, spec.label_smoothing,
                               rows_per_chunk(rows.size(0), weight_.size(0)));
}

Tensor FullOutput::score(const Features& features, const Ids& targets) const {
  check_rows(features, -1);
  if (is_sharded()) return sharded_score(shards_, features.rows, targets);
  const c10::NoGradGuard no_gradient;
  if (const auto rows = features.rows.to(weight_.device()); has_tiled_cross_entropy(rows, weight_))
    return tiled_cross_entropy(rows, weight_, bias_, targets.cpu(), {}, 0).neg_().to(at::kDouble);
  const auto z = logits(features);
  return (z.gather(1, targets.to(z.device()).unsqueeze(1)) - z.logsumexp(1, /*keepdim=*/true))
      .squeeze(1)
      .to(at::kDouble);
}

TopK FullOutput::top_k(const Features& features, int64_t k, const Bans& bans) const {
  check_rows(features, -1);
  if (is_sharded()) return sharded_top_k(shards_, features.rows, k, bans);
  const c10::NoGradGuard no_gradient;
  const auto z = logits(features);
  return best_words(z, z.logsumexp(1, /*keepdim=*/true), k, bans);
}

std::unique_ptr<const WordRanking> FullOutput::ranking_of(bool normalizes) const {
  if (is_sharded() || !has_packed_ranking(weight_)) return OutputLayer::ranking();
  return packed_ranking(*this, weight_, bias_, normalizes);
}

std::unique_ptr<const WordRanking> FullOutput::ranking() const { return ranking_of(/*normalizes=*/true); }

Tensor FullOutput::log_probabilities(const Features& features) const {
  check_rows(features, -1);
  if (is_sharded()) return sharded_log_probabilities(shards_, features.rows);
  const c10::NoGradGuard no_gradient;
  auto z = logits(features);
  return z.sub_(z.logsumexp(1, /*keepdim=*/true)).to(at::kDouble);
}

}  // namespace seq2seq::nn
