#include "seq2seq/nn/model/seq2seq.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/encoder/multi_source.h"
#include "seq2seq/nn/model/part_sizes.h"
#include "seq2seq/nn/model/refusal.h"
#include "seq2seq/nn/model/seq2seq_stages.h"

namespace seq2seq::nn {
namespace {

struct EmbeddingSize {
  int64_t& size;
  bool &tied, &shared;
};
void declare(config::Keys& keys, EmbeddingSize& options) {
  keys.add("size", options.size, "width E of the word vectors of both sides").at_least(1).at_most(1e6);
  keys.add("tied", options.tied,
           "use the target embedding as the weight of the output layer; needs equal widths of embedding and output "
           "layer input");
  keys.add("shared", options.shared,
           "use one embedding for source and target; needs `data.shared_vocabulary`. With `tied`, one matrix for all "
           "three (Press and Wolf 2017)");
}

std::vector<c10::Device> devices(const Stack& stack) {
  std::vector<c10::Device> all;
  for (int64_t layer = 0; layer < stack.layers(); ++layer) all.push_back(stack.layer(layer).place().device);
  return all;
}

/// Makes a decoder without memory, because the sizes of a decoder depend on its kind.
std::shared_ptr<Stack> decoder_outline(const Seq2SeqOptions& options) {
  return options.kinds->decoders.make(options.decoder, {.input = options.embedding, .place = [](int64_t) {
                                                          return ParameterPlace{.device = c10::kMeta};
                                                        }});
}

std::shared_ptr<Encoder> encoder_outline(const Seq2SeqOptions& options) {
  EncoderContext context{.vocabulary = 1, .embedding = options.embedding, .dropout = {}, .placement = {}};
  context.placement.device = c10::kMeta;
  return options.kinds->encoders.make(options.encoder, context);
}

/// `decoder`: the stack, or its outline. `sources`: number of sentences of a source.
std::shared_ptr<AttentionBlock> make_block(const Seq2SeqOptions& options, const AttentionBlockRegistry& attentions,
                                           const Encoder& encoder, const Stack& decoder, const ParameterPlace& place,
                                           int64_t sources = 1) {
  const auto block = attentions.make(options.attention, {.memory = encoder.width(),
                                                         .bottom = decoder.layer(0).width(),
                                                         .top = decoder.width(),
                                                         .embedding = options.embedding,
                                                         .layers = decoder.layers(),
                                                         .place = place,
                                                         .sources = sources});
  const auto asks = decoder.state_shapes().back();
  if (block->attends() && block->order() == AttentionOrder::before &&
      (asks.empty() || asks.front().width != decoder.width()))
    throw UsageError("attention with `order: before` does not work with this kind of decoder",
                     "Use `model.attention.order: after`");
  return block;
}

std::shared_ptr<AttentionBlock> block_outline(const Seq2SeqOptions& options) {
  return make_block(options, options.kinds->attentions, *encoder_outline(options), *decoder_outline(options),
                    {.device = c10::kMeta});
}

/// Makes one encoder, or one for each sentence of a source.
std::shared_ptr<Encoder> make_encoder(const Seq2SeqOptions& options, const EncoderRegistry& encoders,
                                      const EncoderContext& context, const SourceParts& parts) {
  const auto make = [&] { return encoders.make(options.encoder, context); };
  if (!parts.several()) return make();
  return std::make_shared<MultiSourceEncoder>(parts, context, make);
}

void check_tied(const Seq2SeqOptions& options, int64_t width) {
  if (!options.tied_embeddings || options.embedding == width) return;
  throw UsageError(fmt::format("tied embeddings need an output layer input ({} units) as wide as the embedding ({})",
                               width, options.embedding),
                   "Use the same number for `model.embedding.size` and `model.decoder.cells`, or "
                   "`model.embedding.tied: false`");
}

/// Checks encoders from outside this repository, which may not know of shared word vectors.
void check_reads(const Encoder& encoder, const at::Tensor& table, const std::string& kind) {
  const auto used = parameters_used(encoder);
  if (std::ranges::any_of(used, [&](const auto& parameter) { return parameter.is_same(table); })) return;
  throw UsageError(fmt::format("the encoder `{}` has word vectors of its own and cannot share the target's", kind),
                   "Use `model.embedding.shared: false`");
}

BridgeContext between(const Encoder& encoder, const Stack& decoder, const ParameterPlace& place) {
  return {.encoder = encoder.last_shapes(),
          .decoder = decoder.state_shapes(),
          .memory = encoder.width(),
          .place = place,
          .devices = devices(decoder)};
}

/// As refusal(), for a part beside encoder and decoder. Empty if one of these cannot be made, because that is reported
/// at its own key.
std::string refusal_beside(const Seq2SeqOptions& options, const std::function<void()>& make) {
  const auto both = [&] {
    encoder_outline(options);
    decoder_outline(options);
  };
  return refusal(both).empty() ? refusal(make) : std::string();
}

}  // namespace

void declare(config::Keys& keys, DropoutOptions& options) {
  declare_without_words(keys, options);
  keys.section("words", options.words, "dropout of whole word vectors");
}

void declare_without_words(config::Keys& keys, DropoutOptions& options) {
  keys.add("embedding", options.embedding, "dropout probability of the units of embeddings").at_least(0).below(1);
  keys.add("layers", options.layers, "dropout probability between two recurrent layers").at_least(0).below(1);
  keys.add("output", options.output, "dropout probability before the output layer").at_least(0).below(1);
  keys.add("variational", options.variational,
           "use the same mask at all steps of a sentence (Gal and Ghahramani 2016); false: one for each step");
}

void declare(config::Keys& keys, Seq2SeqOptions& options) {
  if (options.kinds == nullptr) options.kinds = std::make_shared<PartChoice>(*options.parts);
  EmbeddingSize embedding{options.embedding, options.tied_embeddings, options.shared_embeddings};
  keys.section("embedding", embedding, "word vectors");
  keys.select("encoder", options.encoder, options.kinds->encoders, "encoder, which reads the source");
  keys.select("decoder", options.decoder, options.kinds->decoders, "decoder, which writes the target");
  keys.select("bridge", options.bridge, options.kinds->bridges, "initial state of the decoder");
  keys.select("attention", options.attention, options.kinds->attentions, "attention of the decoder to the source");
  keys.select("output", options.output, options.kinds->outputs, "output layer, which predicts the words");
  keys.section("dropout", options.dropout, "dropout on non-recurrent connections");
  keys.rule("encoder", [&options] { return refusal([&] { encoder_outline(options); }); });
  keys.rule("decoder", [&options] { return refusal([&] { decoder_outline(options); }); });
  keys.rule("attention", [&options] { return refusal_beside(options, [&] { block_outline(options); }); });
  keys.rule("embedding.tied", [&options] {
    return refusal_beside(options, [&] {
      const bool attends = refusal([&] { block_outline(options); }).empty();  // otherwise reported at its own key
      if (options.tied_embeddings && attends) check_tied(options, block_outline(options)->width());
    });
  });
  keys.rule("output", [&options] {
    return refusal_beside(options, [&] {
      if (!refusal([&] { block_outline(options); }).empty()) return;  // reported at its own key
      const auto block = block_outline(options);
      const bool tied = options.tied_embeddings && options.embedding == block->width();
      check_output(options.kinds->outputs, options.output,
                   {.width = block->width(), .tied = tied, .attends = block->differentiates_weights()});
    });
  });
  keys.rule("bridge", [&options] {
    return refusal_beside(options, [&] {
      const auto encoder = encoder_outline(options);
      const auto decoder = decoder_outline(options);
      options.kinds->bridges.make(options.bridge, between(*encoder, *decoder, {.device = c10::kMeta}));
    });
  });
}

PartChoice::PartChoice(const Parts& parts) : encoders(parts.encoders), bridges(parts.bridges), outputs(parts.outputs) {
  const auto layers = std::make_shared<LayerRegistry>(parts.layers);
  add_recurrent_encoders(encoders, layers);
  decoders = stacks_of(layers);
  attentions = blocks_of(std::make_shared<AttentionRegistry>(parts.attentions));
}

Seq2Seq::Seq2Seq(const Options& options, const ModelContext& context)
    : placement_(context.placement), shares_embeddings_(options.shared_embeddings) {
  const PartChoice parts = options.kinds != nullptr ? *options.kinds : PartChoice(*options.parts);
  const auto& placement = context.placement;
  const auto& dropout = options.dropout;
  const auto place_of = [&](const std::string& part) {
    return ParameterPlace{.device = placement.of(part), .type = context.type};
  };
  if (shares_embeddings_) check_shared_vocabulary(context);
  const auto words = std::make_shared<Embedding>(context.target_vocabulary, options.embedding, place_of("embeddings"));
  const EncoderContext reading{
      .vocabulary = context.source_vocabulary,
      .embedding = options.embedding,
      .dropout = {dropout.embedding, dropout.layers, dropout.variational, dropout.words.of_source()},
      .placement = placement,
      .type = context.type,
      .words = shares_embeddings_ ? words : nullptr,
      .factors = context.source_factors};
  encoder_ = register_module("encoder", make_encoder(options, parts.encoders, reading, context.source_parts));
  if (shares_embeddings_) check_reads(*encoder_, words->weight(), options.encoder.kind);
  const auto place_of_layer = [&](int64_t layer) {
    return ParameterPlace{.device = placement.of_layer("decoder", layer), .type = context.type};
  };
  const auto outline = parts.decoders.make(
      options.decoder, {.input = 1, .place = [](int64_t) { return ParameterPlace{.device = c10::kMeta}; }});
  const auto attention =
      make_block(options, parts.attentions, *encoder_, *outline, place_of("attention"), context.source_parts.count);
  const auto stack = parts.decoders.make(options.decoder, {.input = options.embedding + attention->beside_words(),
                                                           .beside = attention->beside_layers(),
                                                           .place = place_of_layer});
  layers_ = {.encoder = encoder_->layer_count(), .decoder = stack->layers()};
  check_placed(placement, "encoder", layers_.encoder);
  check_placed(placement, "decoder", layers_.decoder);
  check_tied(options, attention->width());
  const auto bridge = parts.bridges.make(options.bridge, between(*encoder_, *stack, place_of("bridge")));
  const auto tied_weight = options.tied_embeddings ? words->weight() : at::Tensor();
  const auto output = parts.outputs.make(options.output, {.width = attention->width(),
                                                          .vocabulary = context.target_vocabulary,
                                                          .tied_weight = tied_weight,
                                                          .placement = placement,
                                                          .type = context.type,
                                                          .attends = attention->differentiates_weights(),
                                                          .target_counts = context.target_counts});
  decoder_ = register_module(
      "decoder", std::make_shared<Decoder>(DecoderParts{.embedding = words,
                                                        .bridge = bridge,
                                                        .stack = stack,
                                                        .stack_name = options.decoder.kind,
                                                        .attention = attention,
                                                        .dropout = {dropout.embedding, dropout.layers, dropout.output,
                                                                    dropout.variational, dropout.words.of_target()},
                                                        .copies = output->copies(),
                                                        .source_parts = context.source_parts}));
  output_ = register_module("output", output);
  if (output->copies() && context.source_factors.any())
    throw UsageError("`copy` writes words of the source, but the source tokens have factors",
                     "Use another `model.output.kind`, or `data.source.factors: 0`");
  if (output->copies() && context.source_parts.several())
    throw UsageError("`copy` needs a single attention, but each part of the source has its own",
                     "Use another `model.output.kind`, or `data.source.parts: 1`");
  if (output->copies()) copied_.emplace(context, output->extends_vocabulary());
}

Memory Seq2Seq::encode(const Packed& ids, const Draw* draw) const {
  if (!copied_) return encoder_->encode(ids, draw);
  auto memory = encoder_->encode(copied_->read(ids), draw);
  memory.ids = copied_->copied(ids);
  return memory;
}

std::unique_ptr<DecoderState> Seq2Seq::start(const Memory& memory, const Ids& owner) const {
  return decoder_->start(memory, owner);
}

Features Seq2Seq::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(copied_ ? copied_->written(inputs) : inputs, state, draw);
}

std::vector<Stage> Seq2Seq::stages() const {
  return Seq2SeqStages(*encoder_, *decoder_, *output_, placement_).stages();
}

StagedBatch Seq2Seq::begin(const StagedInputs& batch) const {
  return Seq2SeqStages(*encoder_, *decoder_, *output_, placement_).begin(batch);
}

std::vector<ParameterUse> Seq2Seq::roles() const { return parameter_uses(*this, *encoder_); }

std::vector<std::pair<std::string, int64_t>> Seq2Seq::part_sizes() const { return nn::part_sizes(*this); }

}  // namespace seq2seq::nn
