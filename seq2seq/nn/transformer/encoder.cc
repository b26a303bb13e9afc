#include "seq2seq/nn/transformer/encoder.h"

#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>

#include "seq2seq/nn/transformer/module_list.h"

namespace seq2seq::nn {

TransformerEncoder::TransformerEncoder(const Options& options, const EncoderContext& context)
    : width_(context.embedding),
      scale_(options.layer.scale ? std::sqrt(static_cast<double>(width_)) : 1),
      longest_(options.layer.positions == PositionKind::learned ? options.layer.longest : no_longest_sentence),
      embedding_dropout_(context.dropout.embedding),
      embedding_site_{.part = Site::Part::source_embedding, .by_sentence = context.dropout.variational},
      word_dropout_(context.dropout.words),
      drops_weights_(options.layer.dropout.attention > 0),
      layer_dropout_(options.layer.layer_dropout) {
  check_heads(options.layer, width_, "model.encoder", "model.embedding.size");
  const ParameterPlace words{.device = context.placement.of("embeddings"), .type = context.type};
  embedding_ = add_source_embedding(*this, context);
  positions_ = register_module("positions", std::make_shared<Positions>(options.layer, width_, words, context.section));
  ParameterPlace place{.type = context.type};
  for (int64_t layer = 0; layer < options.layers; ++layer) {
    place.device = context.placement.of_layer("encoder", layer);
    layers_.push_back(std::make_shared<TransformerEncoderLayer>(options.layer, width_, place,
                                                                "encoder.layers." + std::to_string(layer)));
  }
  register_module("layers", module_list(layers_));
  if (options.layer.norm == NormOrder::pre) norm_ = register_module("norm", std::make_shared<LayerNorm>(width_, place));
}

Memory TransformerEncoder::encode(const Packed& ids, const Draw* draw) const {
  const auto& layout = *ids.layout;
  const SentenceOrder order(layout);
  auto at = sentence_rows(layout, order, draw, drops_weights_);
  at.rotation = positions_->rotation(at, layout);
  const auto read = order.by_sentence(ids, at.layout);
  const auto words = drop_words(embedding_.forward(read).rows * scale_, embedding_.words_of(read), word_dropout_,
                                Site::Part::source_embedding, draw);  // [N, W]
  auto rows = dropped(positions_->add(words, at, layout), at, embedding_dropout_, embedding_site_);
  auto pairs = pairs_of_sentences(layout.lengths, layout.lengths, rows.device());
  for (const auto& layer : layers_) {
    if (leaves_out(layer_dropout_, layer->site(), draw)) continue;
    const auto device = layer->place().device;
    if (device != pairs.device()) pairs = pairs_of_sentences(layout.lengths, layout.lengths, device);
    rows = layer->forward(rows.to(device), at.on(device), pairs);
  }
  rows = rows.to(layers_.back()->place().device);  // which may have been left out
  if (norm_ != nullptr) rows = norm_->forward(rows);
  return {.ids = ids, .states = {order.packed(rows), layout.on(rows.device())}, .last = {}};
}

EncoderRegistry builtin_encoders() {
  EncoderRegistry registry;
  registry.add<TransformerEncoder>("transformer", "self-attention; Vaswani et al. 2017, arXiv 1706.03762");
  return registry;
}

}  // namespace seq2seq::nn
