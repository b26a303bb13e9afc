#include "seq2seq/nn/transformer/decoder_layer.h"

#include <ATen/TensorOperators.h>

namespace seq2seq::nn {

using at::Tensor;

TransformerDecoderLayer::TransformerDecoderLayer(const TransformerLayerOptions& options, int64_t width,
                                                 const ParameterPlace& place, const std::string& name,
                                                 bool reads_source)
    : place_(place),
      site_(Site::of_module(name)),
      pre_(options.norm == NormOrder::pre),
      dropout_(options.dropout.residual),
      attention_site_(Site::of_module(name + ".self_attn")),
      source_site_(Site::of_module(name + ".multihead_attn")),
      feed_forward_site_(Site::of_module(name + ".linear2")),
      attention_(register_module("self_attn",
                                 std::make_shared<TransformerAttention>(options, width, place, name + ".self_attn"))),
      source_attention_(reads_source
                            ? register_module("multihead_attn", std::make_shared<TransformerAttention>(
                                                                    options, width, place, name + ".multihead_attn"))
                            : nullptr),
      feed_forward_(*this, options, width, place, name),
      norm1_(register_module("norm1", std::make_shared<LayerNorm>(width, place))),
      norm2_(register_module("norm2", std::make_shared<LayerNorm>(width, place))),
      norm3_(reads_source ? register_module("norm3", std::make_shared<LayerNorm>(width, place)) : nullptr) {}

Tensor TransformerDecoderLayer::self_attention(const Tensor& rows, const SentenceRows& at,
                                               const DecoderView& view) const {
  const auto projected = attention_->project(rows, at.rotation);
  const auto so_far = view.cache.add(view.layer, projected.source);
  const auto context = attention_->attend(projected.queries, so_far, view.own_pairs, /*causal=*/true, at);
  return dropped(context, at, dropout_, attention_site_);
}

Tensor TransformerDecoderLayer::source_attention(const Tensor& rows, const SentenceRows& at,
                                                 const DecoderView& view) const {
  const auto queries = source_attention_->queries(rows);
  if (view.weights != nullptr)
    *view.weights = source_attention_->weights(queries, view.source->keys, *view.source_pairs);
  const auto context = source_attention_->attend(queries, *view.source, *view.source_pairs, /*causal=*/false, at);
  return dropped(context, at, dropout_, source_site_);
}

Tensor TransformerDecoderLayer::forward(const Tensor& rows, const SentenceRows& at, const DecoderView& view) const {
  const auto fed = [&](const Tensor& read) {
    return dropped(feed_forward_.forward(read, at), at, dropout_, feed_forward_site_);
  };
  const bool reads_source = source_attention_ != nullptr;
  const auto& last_norm = reads_source ? norm3_ : norm2_;
  if (pre_) {
    auto sum = rows + self_attention(norm1_->forward(rows), at, view);
    if (reads_source) sum = sum + source_attention(norm2_->forward(sum), at, view);
    return sum + fed(last_norm->forward(sum));
  }
  auto normalized = norm1_->forward(rows + self_attention(rows, at, view));
  if (reads_source) normalized = norm2_->forward(normalized + source_attention(normalized, at, view));
  return last_norm->forward(normalized + fed(normalized));
}

}  // namespace seq2seq::nn
