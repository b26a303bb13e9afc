#include "seq2seq/nn/transformer/decoder.h"

#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>

#include "seq2seq/nn/transformer/module_list.h"

namespace seq2seq::nn {
namespace {

/// The pairs of a chunk on the device of the layer that asks.
struct ChunkPairs {
  AttentionPairs own;
  std::optional<AttentionPairs> source;  // nothing: the decoder reads no source
};

ChunkPairs pairs_on(const TransformerCaches& caches, const std::vector<int64_t>& rows, c10::Device device, bool apart,
                    bool reads_source) {
  ChunkPairs pairs{.own = caches.words.pairs(device), .source = {}};
  if (reads_source) pairs.source = caches.source.pairs(rows, device, apart);
  return pairs;
}

}  // namespace

TransformerDecoder::TransformerDecoder(int64_t layers, const TransformerLayerOptions& options,
                                       const TransformerDecoderContext& context)
    : scale_(options.scale ? std::sqrt(static_cast<double>(context.width)) : 1),
      dropout_(options.dropout.residual),
      word_dropout_(context.word_dropout),
      drops_weights_(options.dropout.attention > 0),
      reads_source_(context.reads_source),
      layer_dropout_(options.layer_dropout) {
  const ParameterPlace words{.device = context.placement.of("embeddings"), .type = context.type};
  embedding_ = register_module(
      "embedding",
      context.words != nullptr ? context.words : std::make_shared<Embedding>(context.vocabulary, context.width, words));
  positions_ = register_module("positions", std::make_shared<Positions>(options, context.width, words, "model"));
  ParameterPlace place{.type = context.type};
  for (int64_t layer = 0; layer < layers; ++layer) {
    place.device = context.placement.of_layer("decoder", layer);
    layers_.push_back(std::make_shared<TransformerDecoderLayer>(
        options, context.width, place, "decoder.layers." + std::to_string(layer), reads_source_));
  }
  register_module("layers", module_list(layers_));
  if (options.norm == NormOrder::pre)
    norm_ = register_module("norm", std::make_shared<LayerNorm>(context.width, place));
}

TransformerCaches TransformerDecoder::start(const Memory& memory, const std::vector<int64_t>& owner) const {
  const auto& layout = *memory.states.layout;
  if (!reads_source_) return {KeyValueCache(layers(), std::ssize(owner)), SourceCache({}, layout.lengths, owner)};
  const auto states = SentenceOrder(layout).by_sentence(memory.states.rows);
  std::vector<KeysValues> source;
  for (const auto& layer : layers_) source.push_back(layer->source_keys_values(states.to(layer->place().device)));
  return {KeyValueCache(layers(), std::ssize(owner)), SourceCache(std::move(source), layout.lengths, owner)};
}

Features TransformerDecoder::advance(const Packed& inputs, TransformerCaches& caches, bool wants_attention,
                                     const Draw* draw) const {
  const auto& layout = *inputs.layout;
  const SentenceOrder order(layout);
  auto at = sentence_rows(layout, order, draw, drops_weights_);
  at.rotation = positions_->rotation(at, layout);
  const auto read = order.by_sentence(inputs, at.layout);
  const auto words = drop_words(embedding_->forward(read).rows * scale_, read, word_dropout_,  // [N, W]
                                Site::Part::target_embedding, draw);
  auto rows = dropped(positions_->add(words, at, layout), at, dropout_, {Site::Part::target_embedding});
  caches.words.begin(layout.lengths);
  std::optional<ChunkPairs> pairs;
  at::Tensor weights;
  for (int64_t number = 0; number < layers(); ++number) {
    const auto& layer = *layers_[static_cast<size_t>(number)];
    if (leaves_out(layer_dropout_, layer.site(), draw)) continue;
    const auto device = layer.place().device;
    if (!pairs || pairs->own.device() != device)
      pairs = pairs_on(caches, layout.lengths, device, draw != nullptr, reads_source_);
    const bool asks_for_weights = wants_attention && number + 1 == layers();
    rows = layer.forward(rows.to(device), at.on(device),
                         {.layer = number,
                          .cache = caches.words,
                          .own_pairs = pairs->own,
                          .source = reads_source_ ? &caches.source.of(number) : nullptr,
                          .source_pairs = reads_source_ ? &*pairs->source : nullptr,
                          .weights = asks_for_weights ? &weights : nullptr});
  }
  caches.words.end();
  rows = rows.to(layers_.back()->place().device);  // which may have been left out
  if (norm_ != nullptr) rows = norm_->forward(rows);
  Features features{.rows = order.packed(rows), .attention = {}};
  if (weights.defined()) features.attention = order.packed(pairs->source->padded(weights, caches.source.longest()));
  return features;
}

}  // namespace seq2seq::nn
