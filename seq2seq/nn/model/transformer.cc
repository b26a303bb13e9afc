#include "seq2seq/nn/model/transformer.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/model/part_sizes.h"
#include "seq2seq/nn/model/transformer_stages.h"
#include "seq2seq/nn/model/transformer_state.h"
#include "seq2seq/nn/model/transformer_words.h"

namespace seq2seq::nn {
namespace {

struct Depth {
  int64_t& layers;
};
void declare(config::Keys& keys, Depth& depth) {
  keys.add("layers", depth.layers, "number L of layers").at_least(1).at_most(64);
}

struct TransformerWords {
  bool &tied, &shared;
};
void declare(config::Keys& keys, TransformerWords& options) {
  keys.add("tied", options.tied, "use the target embedding as the weight of the output layer");
  keys.add("shared", options.shared,
           "use one embedding for source and target; needs `data.shared_vocabulary`. With `tied`, one matrix for all "
           "three, as in the paper");
}

struct TransformerModelDropout {
  TransformerDropout& layers;
  WordDropoutOptions& words;
};
void declare(config::Keys& keys, TransformerModelDropout& options) {
  declare(keys, options.layers);
  keys.section("words", options.words, "dropout of whole word vectors");
}

}  // namespace

void declare(config::Keys& keys, TransformerOptions& options) {
  declare_width(keys, options);
  Depth encoder{options.encoder_layers}, decoder{options.decoder_layers};
  keys.section("encoder", encoder, "encoder, which reads the source");
  keys.section("decoder", decoder, "decoder, which writes the target");
  declare_without_dropout(keys, options.layer);
  TransformerModelDropout dropout{options.layer.dropout, options.word_dropout};
  keys.section("dropout", dropout, "dropout");
  TransformerWords embedding{options.tied_embeddings, options.shared_embeddings};
  keys.section("embedding", embedding, "word vectors");
  declare_output(keys, options);
}

Transformer::Transformer(const Options& options, const ModelContext& context)
    : placement_(context.placement),
      layers_{.encoder = options.encoder_layers, .decoder = options.decoder_layers},
      longest_(longest_sentence(options.layer)),
      shares_embeddings_(options.shared_embeddings) {
  check_heads(options.layer, options.width, "model", "model.width");
  if (shares_embeddings_) check_shared_vocabulary(context);
  if (context.source_parts.several())
    throw UsageError("`transformer` reads sources of one part",
                     "Use `model.architecture: rnn`, which has an encoder for each part, or `data.source.parts: 1`");
  check_placed(placement_, "encoder", layers_.encoder);
  check_placed(placement_, "decoder", layers_.decoder);
  const auto words =
      std::make_shared<Embedding>(context.target_vocabulary, options.width,
                                  ParameterPlace{.device = placement_.of("embeddings"), .type = context.type});
  encoder_ = register_module("encoder",
                             std::make_shared<TransformerEncoder>(
                                 TransformerEncoderOptions{.layers = options.encoder_layers, .layer = options.layer},
                                 EncoderContext{.vocabulary = context.source_vocabulary,
                                                .embedding = options.width,
                                                .dropout = {.embedding = options.layer.dropout.residual,
                                                            .words = options.word_dropout.of_source()},
                                                .placement = placement_,
                                                .type = context.type,
                                                .section = "model",
                                                .words = shares_embeddings_ ? words : nullptr,
                                                .factors = context.source_factors}));
  decoder_ =
      register_module("decoder", std::make_shared<TransformerDecoder>(
                                     options.decoder_layers, options.layer,
                                     TransformerDecoderContext{.vocabulary = context.target_vocabulary,
                                                               .width = options.width,
                                                               .placement = placement_,
                                                               .type = context.type,
                                                               .words = words,
                                                               .word_dropout = options.word_dropout.of_target()}));
  output_ = register_module("output", make_output(options, context, decoder_->embedding()));
}

std::vector<Stage> Transformer::stages() const {
  return TransformerStages(encoder_.get(), *decoder_, *output_, placement_).stages();
}

StagedBatch Transformer::begin(const StagedInputs& batch) const {
  return TransformerStages(encoder_.get(), *decoder_, *output_, placement_).begin(batch);
}

Memory Transformer::encode(const Packed& ids, const Draw* draw) const { return encoder_->encode(ids, draw); }

std::unique_ptr<DecoderState> Transformer::start(const Memory& memory, const Ids& owner) const {
  return std::make_unique<TransformerState>(decoder_->start(memory, on_host(owner)));
}

Features Transformer::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(inputs, dynamic_cast<TransformerState&>(state).caches, state.wants_attention, draw);
}

std::vector<ParameterUse> Transformer::roles() const { return parameter_uses(*this, *encoder_); }

std::vector<std::pair<std::string, int64_t>> Transformer::part_sizes() const { return part_sizes_by_layer(*this); }

}  // namespace seq2seq::nn
