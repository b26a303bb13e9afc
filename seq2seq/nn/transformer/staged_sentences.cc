#include "seq2seq/nn/transformer/staged_sentences.h"

#include <utility>

namespace seq2seq::nn {

StagedSentences::StagedSentences(const SentenceBatch& batch, const SentenceStack& stack, bool drops_weights)
    : ids_(batch.ids), states_(batch.states), packs_(batch.packs) {
  const SentenceOrder order(*ids_.layout);
  const auto at = sentence_rows(*ids_.layout, order, batch.draw, drops_weights);
  const auto parts = stack.parts();
  for (size_t part = 0; part < parts.size(); ++part) {
    const auto device = parts[part].place.device;
    size_t number = 0;
    while (number < contexts_.size() &&
           (contexts_[number]->place != batch.places[part] || contexts_[number]->device != device))
      ++number;
    context_of_.push_back(number);
    if (number < contexts_.size()) continue;
    auto made = std::make_unique<Context>();
    made->place = batch.places[part];
    made->device = device;
    made->at = at.on(device);
    made->order.emplace(*ids_.layout->on(device));
    contexts_.push_back(std::move(made));
  }
}

void StagedSentences::rotate(const Positions& positions) {
  const auto rotation = positions.rotation(at(0), *ids_.layout);
  for (auto& context : contexts_) {
    context->at.rotation = rotation;
    context->at = context->at.on(context->device);
  }
}

const AttentionPairs& StagedSentences::own_pairs(size_t part) const {
  auto& shared = context(part);
  if (!shared.own) shared.own = pairs_of_sentences(lengths(), lengths(), shared.device);
  return *shared.own;
}

const AttentionPairs& StagedSentences::source_pairs(size_t part) const {
  auto& shared = context(part);
  if (!shared.source) shared.source = pairs_of_sentences(lengths(), states_, shared.device);
  return *shared.source;
}

at::Tensor StagedSentences::finished(const at::Tensor& rows, const LayerNorm* norm) const {
  const auto normalized = norm != nullptr ? norm->forward(rows) : rows;
  return packs_ ? order(context_of_.size() - 1).packed(normalized) : normalized;
}

SentencePart words_part(const Embedding& embedding, const Positions& positions) {
  const auto& weight = embedding.weight();
  SentencePart part{.parameters = parameters_used(embedding),
                    .place = {.device = weight.device(), .type = weight.scalar_type()},
                    .kept = weight.size(1)};
  for (const auto& parameter : parameters_used(positions)) part.parameters.push_back(parameter);
  return part;
}

int64_t numbers_kept(const TransformerLayerOptions& options, int64_t width, bool reads_source) {
  const auto& dropout = options.dropout;
  const int64_t mask = dropout.residual > 0 ? 1 : 0;
  const int64_t rotated = options.positions == PositionKind::rotary ? 2 : 0;
  // In units of `width`: queries, keys, values; contexts; the sum and its norm.
  int64_t rows = 3 + rotated + 1 + mask + 2;
  if (reads_source) rows += 3 + 1 + mask + 2;
  rows += mask + 2;  // of the feed-forward part
  int64_t inner = options.activation == Activation::relu ? 1 : 2;
  if (dropout.inner > 0) inner += 2;
  const int64_t log_sums = options.heads * (reads_source ? 2 : 1);  // one per head and attention
  return rows * width + inner * options.feed_forward + log_sums;
}

void add_norm(const LayerNorm& norm, SentencePart& last) {
  const auto added = parameters_used(norm);
  last.kept += added.front().size(0);  // its output; its input is the layer's output
  last.parameters.insert(last.parameters.end(), added.begin(), added.end());
}

}  // namespace seq2seq::nn
