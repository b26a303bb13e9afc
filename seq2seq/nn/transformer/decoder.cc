#include "seq2seq/nn/transformer/decoder.h"

#include <cmath>
#include <iterator>
#include <memory>
#include <optional>

#include <ATen/TensorOperators.h>

#include "seq2seq/nn/transformer/module_list.h"
#include "seq2seq/nn/transformer/staged_sentences.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// The pairs of a chunk on the device of the layer that asks.
struct ChunkPairs {
  AttentionPairs own;
  std::optional<AttentionPairs> source;  // empty: the decoder reads no source
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
    : width_(context.width),
      options_(options),
      scale_(options.scale ? std::sqrt(static_cast<double>(context.width)) : 1),
      word_dropout_(context.word_dropout),
      reads_source_(context.reads_source) {
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

Tensor TransformerDecoder::read_words(const Packed& ids, const SentenceOrder& order, const SentenceRows& at) const {
  const auto read = order.by_sentence(ids, at.layout);
  const auto words = drop_words(embedding_->forward(read).rows * scale_, read, word_dropout_,  // [N, W]
                                Site::Part::target_embedding, at.draw);
  return dropped(positions_->add(words, at, *ids.layout), at, options_.dropout.residual,
                 {Site::Part::target_embedding});
}

Features TransformerDecoder::advance(const Packed& inputs, TransformerCaches& caches, bool wants_attention,
                                     const Draw* draw) const {
  const auto& layout = *inputs.layout;
  const SentenceOrder order(layout);
  auto at = sentence_rows(layout, order, draw, options_.dropout.attention > 0);
  at.rotation = positions_->rotation(at, layout);
  auto rows = read_words(inputs, order, at);
  caches.words.begin(layout.lengths);
  std::optional<ChunkPairs> pairs;
  Tensor weights;
  for (int64_t number = 0; number < layers(); ++number) {
    const auto& layer = *layers_[static_cast<size_t>(number)];
    if (drops_layer(options_.layer_dropout, layer.site(), draw)) continue;
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
  rows = rows.to(layers_.back()->place().device);  // the layer may have been left out
  if (norm_ != nullptr) rows = norm_->forward(rows);
  Features features{.rows = order.packed(rows), .attention = {}};
  if (weights.defined()) features.attention = order.packed(pairs->source->padded(weights, caches.source.longest()));
  return features;
}

std::vector<SentencePart> TransformerDecoder::parts() const {
  std::vector<SentencePart> parts{words_part(*embedding_, *positions_)};
  for (const auto& layer : layers_)
    parts.push_back({.parameters = parameters_used(*layer),
                     .place = layer->place(),
                     .kept = numbers_kept(options_, width_, reads_source_)});
  if (norm_ != nullptr) add_norm(*norm_, parts.back());
  return parts;
}

Tensor TransformerDecoder::run(size_t number, const Tensor& rows, const Tensor& states,
                               const StagedSentences& batch) const {
  const auto& layer = *layers_[number];
  if (drops_layer(options_.layer_dropout, layer.site(), batch.at(0).draw)) return rows;
  KeyValueCache cache(1, std::ssize(batch.lengths()));
  cache.begin(batch.lengths());
  KeysValues source;
  if (reads_source_) source = layer.source_keys_values(states);
  return layer.forward(rows, batch.at(number + 1),
                       {.layer = 0,
                        .cache = cache,
                        .own_pairs = batch.own_pairs(number + 1),
                        .source = reads_source_ ? &source : nullptr,
                        .source_pairs = reads_source_ ? &batch.source_pairs(number + 1) : nullptr});
}

std::vector<SentenceWork> TransformerDecoder::begin(const SentenceBatch& batch) const {
  const auto shared = std::make_shared<StagedSentences>(batch, *this, options_.dropout.attention > 0);
  shared->rotate(*positions_);
  std::vector<SentenceWork> works{[this, shared](const Tensor&, const Tensor&) {
    return read_words(shared->ids(), shared->order(0), shared->at(0));
  }};
  for (size_t number = 0; number < layers_.size(); ++number)
    works.emplace_back([this, shared, number](const Tensor& below, const Tensor& states) {
      const auto rows = run(number, below, states, *shared);
      return number + 1 == layers_.size() ? shared->finished(rows, norm_.get()) : rows;
    });
  return works;
}

}  // namespace seq2seq::nn
