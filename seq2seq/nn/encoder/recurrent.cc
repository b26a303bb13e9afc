#include "seq2seq/nn/encoder/recurrent.h"

namespace seq2seq::nn {

RecurrentEncoder::RecurrentEncoder(const Options& options, const EncoderContext& context) : dropout_(context.dropout) {
  const ParameterPlace words{.device = context.placement.of("embeddings"), .type = context.type};
  embedding_ = register_module("embedding", std::make_shared<Embedding>(context.vocabulary, context.embedding, words));
  const auto place = [&context](int64_t layer) {
    return ParameterPlace{.device = context.placement.of_layer("encoder", layer), .type = context.type};
  };
  stack_ = register_module(options.layer.kind,
                           std::make_shared<Stack>(options, StackContext{.input = context.embedding, .place = place}));
}

Memory RecurrentEncoder::encode(const Packed& ids, const Draw* draw) const {
  const auto embedded = dropout(embedding_->forward(ids), dropout_.embedding,
                                {.part = Site::Part::source_embedding, .by_sentence = dropout_.variational}, draw);
  Memory memory{.ids = ids, .states = {}, .last = stack_->zero_states(ids.sentences())};
  memory.states = stack_->run(embedded, memory.last,
                              {.dropout = dropout_.layers,
                               .part = Site::Part::encoder_layer,
                               .variational = dropout_.variational,
                               .draw = draw});
  return memory;
}

}  // namespace seq2seq::nn
