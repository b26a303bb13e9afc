#include "seq2seq/nn/transformer/feed_forward.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>

namespace seq2seq::nn {

FeedForward::FeedForward(Module& layer, const TransformerLayerOptions& options, int64_t width,
                         const ParameterPlace& place, const std::string& name)
    : inner_(layer.register_module("linear1", std::make_shared<Linear>(width, options.feed_forward, place))),
      outer_(layer.register_module("linear2", std::make_shared<Linear>(options.feed_forward, width, place))),
      activation_(options.activation),
      dropout_(options.dropout.inner),
      site_(Site::of_module(name + ".linear1")) {}

at::Tensor FeedForward::forward(const at::Tensor& rows, const SentenceRows& at) const {
  auto inner = inner_->forward(rows);  // [N, F]
  // The backward pass of relu() needs only its result, so it can overwrite its input.
  inner = activation_ == Activation::relu ? at::relu_(inner) : at::gelu(inner);
  return outer_->forward(dropped(inner, at, dropout_, site_));
}

}  // namespace seq2seq::nn
