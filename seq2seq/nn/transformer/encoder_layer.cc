#include "seq2seq/nn/transformer/encoder_layer.h"

#include <ATen/TensorOperators.h>

namespace seq2seq::nn {

TransformerEncoderLayer::TransformerEncoderLayer(const TransformerLayerOptions& options, int64_t width,
                                                 const ParameterPlace& place, const std::string& name)
    : place_(place),
      site_(Site::of_module(name)),
      pre_(options.norm == NormOrder::pre),
      dropout_(options.dropout.residual),
      attention_site_(Site::of_module(name + ".self_attn")),
      feed_forward_site_(Site::of_module(name + ".linear2")),
      attention_(register_module("self_attn",
                                 std::make_shared<TransformerAttention>(options, width, place, name + ".self_attn"))),
      feed_forward_(*this, options, width, place, name),
      norm1_(register_module("norm1", std::make_shared<LayerNorm>(width, place))),
      norm2_(register_module("norm2", std::make_shared<LayerNorm>(width, place))) {}

at::Tensor TransformerEncoderLayer::forward(const at::Tensor& rows, const SentenceRows& at,
                                            const AttentionPairs& pairs) const {
  const auto self_attention = [&](const at::Tensor& read) {
    const auto projected = attention_->project(read, at.rotation);
    const auto context = attention_->attend(projected.queries, projected.source, pairs, /*causal=*/false, at);
    return dropped(context, at, dropout_, attention_site_);
  };
  const auto fed = [&](const at::Tensor& read) {
    return dropped(feed_forward_.forward(read, at), at, dropout_, feed_forward_site_);
  };
  if (pre_) {
    const auto sum = rows + self_attention(norm1_->forward(rows));
    return sum + fed(norm2_->forward(sum));
  }
  const auto normalized = norm1_->forward(rows + self_attention(rows));
  return norm2_->forward(normalized + fed(normalized));
}

}  // namespace seq2seq::nn
