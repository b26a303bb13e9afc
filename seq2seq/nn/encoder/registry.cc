#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/encoder/recurrent.h"

namespace seq2seq::nn {

std::shared_ptr<Embedding> add_embedding(Encoder& encoder, const EncoderContext& context) {
  if (context.words != nullptr) {
    encoder.use_parameter(context.words->weight(), Embedding::role());
    return context.words;
  }
  const ParameterPlace place{.device = context.placement.of("embeddings"), .type = context.type};
  return encoder.register_module("embedding",
                                 std::make_shared<Embedding>(context.vocabulary, context.embedding, place));
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
