#include "seq2seq/nn/encoder/recurrent.h"

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {
namespace {

using Directions = RecurrentEncoderOptions::Bidirectional;

int64_t bidirectional_layers(const RecurrentEncoderOptions& options) {
  if (options.bidirectional == Directions::none) return 0;
  return options.bidirectional == Directions::first ? 1 : options.stack.layers;
}

}  // namespace

void declare(config::Keys& keys, RecurrentEncoderOptions& options) {
  keys.add("bidirectional", options.bidirectional,
           {{"none", Directions::none}, {"first", Directions::first}, {"all", Directions::all}},
           "layers that run in both directions, with H cells in each; their rows have width 2H");
  declare(keys, options.stack);
}

RecurrentEncoder::RecurrentEncoder(const Options& options, const EncoderContext& context) : dropout_(context.dropout) {
  embedding_ = add_source_embedding(*this, context);
  const auto place = [&context](int64_t layer) {
    return ParameterPlace{.device = context.placement.of_layer("encoder", layer), .type = context.type};
  };
  stack_ = register_module(
      options.stack.layer.kind,
      std::make_shared<Stack>(
          options.stack,
          StackContext{.input = context.embedding, .bidirectional = bidirectional_layers(options), .place = place}));
}

Memory RecurrentEncoder::encode(const Packed& ids, const Draw* draw) const {
  const auto vectors = embedding_.forward(ids);
  const auto words =
      drop_words(vectors.rows, embedding_.words_of(ids), dropout_.words, Site::Part::source_embedding, draw);
  const auto embedded = dropout(vectors.with(words), dropout_.embedding,
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
