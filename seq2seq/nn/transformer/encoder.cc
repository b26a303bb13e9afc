#include "seq2seq/nn/transformer/encoder.h"

#include <cmath>
#include <memory>
#include <string>

#include <ATen/TensorOperators.h>

#include "seq2seq/nn/transformer/module_list.h"
#include "seq2seq/nn/transformer/staged_sentences.h"

namespace seq2seq::nn {

TransformerEncoder::TransformerEncoder(const Options& options, const EncoderContext& context)
    : width_(context.embedding),
      scale_(options.layer.scale ? std::sqrt(static_cast<double>(width_)) : 1),
      longest_(nn::longest_sentence(options.layer)),
      options_(options.layer),
      embedding_dropout_(context.dropout.embedding),
      embedding_site_{.part = Site::Part::source_embedding, .by_sentence = context.dropout.variational},
      word_dropout_(context.dropout.words),
      drops_weights_(options.layer.dropout.attention > 0) {
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

at::Tensor TransformerEncoder::read_words(const Packed& ids, const SentenceOrder& order, const SentenceRows& at) const {
  const auto read = order.by_sentence(ids, at.layout);
  const auto words =
      drop_words(embedding_.forward(read).rows * scale_, embedding_.words_of(read), word_dropout_,  // [N, W]
                 Site::Part::source_embedding, at.draw);
  return dropped(positions_->add(words, at, *ids.layout), at, embedding_dropout_, embedding_site_);
}

Memory TransformerEncoder::encode(const Packed& ids, const Draw* draw) const {
  const auto& layout = *ids.layout;
  const SentenceOrder order(layout);
  auto at = sentence_rows(layout, order, draw, drops_weights_);
  at.rotation = positions_->rotation(at, layout);
  auto rows = read_words(ids, order, at);
  auto pairs = pairs_of_sentences(layout.lengths, layout.lengths, rows.device());
  for (const auto& layer : layers_) {
    if (drops_layer(options_.layer_dropout, layer->site(), draw)) continue;
    const auto device = layer->place().device;
    if (device != pairs.device()) pairs = pairs_of_sentences(layout.lengths, layout.lengths, device);
    rows = layer->forward(rows.to(device), at.on(device), pairs);
  }
  rows = rows.to(layers_.back()->place().device);  // the layer may have been left out
  if (norm_ != nullptr) rows = norm_->forward(rows);
  return {.ids = ids, .states = {order.packed(rows), layout.on(rows.device())}, .last = {}};
}

std::vector<SentencePart> TransformerEncoder::parts() const {
  std::vector<SentencePart> parts{words_part(*embedding_.words, *positions_)};
  parts.front().kept = width_;  // of the words and their factors
  if (embedding_.factors != nullptr)
    for (const auto& parameter : parameters_used(*embedding_.factors)) parts.front().parameters.push_back(parameter);
  for (const auto& layer : layers_)
    parts.push_back({.parameters = parameters_used(*layer),
                     .place = layer->place(),
                     .kept = numbers_kept(options_, width_, /*reads_source=*/false)});
  if (norm_ != nullptr) add_norm(*norm_, parts.back());
  return parts;
}

std::vector<SentenceWork> TransformerEncoder::begin(const SentenceBatch& batch) const {
  const auto shared = std::make_shared<StagedSentences>(batch, *this, drops_weights_);
  shared->rotate(*positions_);
  std::vector<SentenceWork> works{[this, shared](const at::Tensor&, const at::Tensor&) {
    return read_words(shared->ids(), shared->order(0), shared->at(0));
  }};
  for (size_t number = 0; number < layers_.size(); ++number)
    works.emplace_back([this, shared, number](const at::Tensor& below, const at::Tensor&) {
      const auto& layer = *layers_[number];
      auto rows = below;
      if (!drops_layer(options_.layer_dropout, layer.site(), shared->at(0).draw))
        rows = layer.forward(below, shared->at(number + 1), shared->own_pairs(number + 1));
      return number + 1 == layers_.size() ? shared->finished(rows, norm_.get()) : rows;
    });
  return works;
}

EncoderRegistry builtin_encoders() {
  EncoderRegistry registry;
  registry.add<TransformerEncoder>("transformer", "self-attention; Vaswani et al. 2017, arXiv 1706.03762");
  return registry;
}

}  // namespace seq2seq::nn
