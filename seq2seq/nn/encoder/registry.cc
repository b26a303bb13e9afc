#include "seq2seq/core/error.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/encoder/recurrent.h"

namespace seq2seq::nn {

namespace {

/// `width`: of the word vectors.
std::shared_ptr<Embedding> add_words(Encoder& encoder, const EncoderContext& context, int64_t width) {
  if (context.words != nullptr) {
    encoder.use_parameter(context.words->weight(), Embedding::role());
    return context.words;
  }
  const ParameterPlace place{.device = context.placement.of("embeddings"), .type = context.type};
  return encoder.register_module("embedding", std::make_shared<Embedding>(context.vocabulary, width, place));
}

}  // namespace

std::shared_ptr<Embedding> add_embedding(Encoder& encoder, const EncoderContext& context) {
  if (context.factors.any())
    throw UsageError("this encoder does not read factors of source tokens",
                     "Set `data.source.factors: 0`, or use another `model.encoder.kind`");
  return add_words(encoder, context, context.embedding);
}

SourceEmbedding add_source_embedding(Encoder& encoder, const EncoderContext& context) {
  if (!context.factors.any()) return {.words = add_words(encoder, context, context.embedding), .factors = nullptr};
  const int64_t width = context.factors.word_width(context.embedding);
  if (context.words != nullptr && width != context.embedding)
    throw UsageError("shared word vectors have the full width, so no units are left for factors",
                     "Use `model.factors.combine: sum`, or `model.embedding.shared: false`");
  const ParameterPlace place{.device = context.placement.of("embeddings"), .type = context.type};
  auto factors = std::make_shared<FactorEmbeddings>(context.factors, context.vocabulary, context.embedding, place);
  return {.words = add_words(encoder, context, width), .factors = encoder.register_module("factors", factors)};
}

Packed SourceEmbedding::forward(const Packed& ids) const {
  return factors == nullptr ? words->forward(ids) : factors->forward(words->forward(factors->words(ids)), ids);
}

void add_recurrent_encoders(EncoderRegistry& registry, const std::shared_ptr<const LayerRegistry>& layers) {
  for (const auto& kind : layers->names()) {
    registry.add<RecurrentEncoder>(
        kind, layers->about(kind),
        {.version = layers->version(kind),
         .defaults = {.stack = {.kinds = layers, .layer = {.kind = kind, .options = nullptr}}}});
  }
}

}  // namespace seq2seq::nn
