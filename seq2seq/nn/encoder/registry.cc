#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/encoder/recurrent.h"

namespace seq2seq::nn {

void add_recurrent_encoders(EncoderRegistry& registry, const std::shared_ptr<const LayerRegistry>& layers) {
  for (const auto& kind : layers->names()) {
    registry.add<RecurrentEncoder>(
        kind, layers->about(kind),
        {.version = layers->version(kind),
         .defaults = {.stack = {.kinds = layers, .layer = {.kind = kind, .options = nullptr}}}});
  }
}

}  // namespace seq2seq::nn
