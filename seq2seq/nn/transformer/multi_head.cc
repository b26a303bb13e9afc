#include "seq2seq/nn/transformer/multi_head.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <fmt/format.h>

namespace seq2seq::nn {

using at::Tensor;

TransformerAttention::TransformerAttention(const TransformerLayerOptions& options, int64_t width,
                                           const ParameterPlace& place, const std::string& name)
    : shape_{.heads = options.heads, .scale = 1 / std::sqrt(static_cast<double>(width / options.heads))},
      dropout_(options.dropout.attention),
      weight_(add_parameter("in_proj_weight", {3 * width, width}, {.kind = Role::Kind::projection, .gates = 3}, place)),
      bias_(add_parameter("in_proj_bias", {3 * width}, {.kind = Role::Kind::bias, .gates = 3}, place)),
      out_(register_module("out_proj", std::make_shared<Linear>(width, width, place))) {
  for (int64_t head = 0; head < options.heads; ++head)
    sites_.push_back(Site::of_module(fmt::format("{}.head.{}", name, head)));
}

TransformerAttention::Projected TransformerAttention::project(const Tensor& rows, const Rotation& rotation) const {
  const auto all = at::linear(rows, weight_, bias_).chunk(3, 1);
  return {.queries = rotate(all[0], rotation, shape_.heads),
          .source = {.keys = rotate(all[1], rotation, shape_.heads), .values = all[2]}};
}

Tensor TransformerAttention::queries(const Tensor& rows) const {
  const int64_t width = weight_.size(1);
  return at::linear(rows, weight_.narrow(0, 0, width), bias_.narrow(0, 0, width));
}

KeysValues TransformerAttention::keys_values(const Tensor& memory) const {
  const int64_t width = weight_.size(1);
  const auto both =
      at::linear(memory, weight_.narrow(0, width, 2 * width), bias_.narrow(0, width, 2 * width)).chunk(2, 1);
  return {both[0], both[1]};
}

Tensor TransformerAttention::attend(const Tensor& queries, const KeysValues& source, const AttentionPairs& pairs,
                                    bool causal, const SentenceRows& at) const {
  if (dropout_ > 0 && at.draw != nullptr)
    return out_->forward(with_dropped_weights(queries, source, pairs, causal, at));
  auto shape = shape_;
  shape.causal = causal;
  return out_->forward(multi_head_attention(queries, source.keys, source.values, pairs, shape));
}

Tensor TransformerAttention::with_dropped_weights(const Tensor& queries, const KeysValues& source,
                                                  const AttentionPairs& pairs, bool causal,
                                                  const SentenceRows& at) const {
  const auto hidden = causal ? pairs.place() > at.layout->position.index_select(0, pairs.query()) : Tensor();  // [P]
  const auto in_heads = [this](const Tensor& rows) { return rows.chunk(shape_.heads, 1); };
  const auto asking = in_heads(queries * shape_.scale), keys = in_heads(source.keys), values = in_heads(source.values);
  std::vector<Tensor> contexts;
  for (size_t head = 0; head < sites_.size(); ++head) {
    auto scores = dot_scores(asking[head], keys[head], pairs);
    if (causal) scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
    // A key's place in its sentence numbers the unit, so that the mask does not depend on the batch.
    const auto mask = dropout_mask(*at.layout, pairs.longest(), dropout_, sites_[head], *at.draw);
    const auto kept = pairs.of_pairs(mask.to(queries.options()));
    contexts.push_back(sum_by_query(softmax_by_query(scores, pairs) * kept, values[head], pairs));
  }
  return at::cat(contexts, 1);
}

Tensor TransformerAttention::weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs) const {
  return multi_head_weights(queries, keys, pairs, shape_);
}

}  // namespace seq2seq::nn
