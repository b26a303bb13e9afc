#include "seq2seq/nn/transformer/attention.h"

#include <cmath>

#include <ATen/ops/linear.h>

#include "seq2seq/nn/transformer/positions.h"

namespace seq2seq::nn {

using at::Tensor;

TransformerAttention::TransformerAttention(const TransformerLayerOptions& options, int64_t width,
                                           const ParameterPlace& place, const std::string& name)
    : shape_{.heads = options.heads, .scale = 1 / std::sqrt(static_cast<double>(width / options.heads))},
      dropout_(options.dropout.attention),
      site_(Site::of_module(name + ".weights")),
      weight_(add_parameter("in_proj_weight", {3 * width, width}, {.kind = Role::Kind::projection, .gates = 3}, place)),
      bias_(add_parameter("in_proj_bias", {3 * width}, {.kind = Role::Kind::bias, .gates = 3}, place)),
      out_(register_module("out_proj", std::make_shared<Linear>(width, width, place))) {}

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
  auto shape = shape_;
  shape.causal = causal;
  const bool drops = dropout_ > 0 && at.draw != nullptr;
  WeightDropout dropout;
  if (drops) {
    dropout.share = dropout_;
    dropout.site = site_;
    dropout.draw = *at.draw;
    dropout.pair_keys = at.keys;
    dropout.first_position = at.first_position;
  }
  return out_->forward(
      multi_head_attention(queries, source.keys, source.values, pairs, shape, drops ? &dropout : nullptr));
}

Tensor TransformerAttention::weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs) const {
  return multi_head_weights(queries, keys, pairs, shape_);
}

}  // namespace seq2seq::nn
