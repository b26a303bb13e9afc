#include "seq2seq/nn/model/seq2seq.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/model/seq2seq_stages.h"

namespace seq2seq::nn {
namespace {

struct EmbeddingSize {
  int64_t& size;
  bool& tied;
};
void declare(config::Keys& keys, EmbeddingSize& options) {
  keys.add("size", options.size, "width E of the word vectors of either side").at_least(1);
  keys.add("tied", options.tied, "whether the output layer's weight is the target embedding; needs E = H");
}

std::vector<c10::Device> devices(const Stack& stack) {
  std::vector<c10::Device> all;
  for (int64_t layer = 0; layer < stack.layers(); ++layer) all.push_back(stack.layer(layer).place().device);
  return all;
}

/// A decoder without memory: its sizes depend on its kind.
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

void check_tied(const Seq2SeqOptions& options, const Stack& decoder) {
  if (!options.tied_embeddings || options.embedding == decoder.width()) return;
  throw UsageError(fmt::format("tied embeddings need as many cells in the decoder ({}) as the embedding is wide ({})",
                               decoder.width(), options.embedding),
                   "Use the same number for `model.embedding.size` and `model.decoder.cells`, or "
                   "`model.embedding.tied: false`");
}

BridgeContext between(const Encoder& encoder, const Stack& decoder, const ParameterPlace& place) {
  return {.encoder = encoder.last_shapes(),
          .decoder = decoder.state_shapes(),
          .memory = encoder.width(),
          .place = place,
          .devices = devices(decoder)};
}

/// A placement names no layer of a stack, or all of them.
void check_placed(const Placement& placement, const std::string& stack, int64_t layers) {
  const int64_t named = placement.named_layers(stack);
  if (named == 0 || named == layers) return;
  throw UsageError(
      fmt::format("`placement.{}` names {} devices, but the {} has {} layers", stack, named, stack, layers),
      "Name one device for each layer");
}

/// The message of a part that cannot be made, or an empty string: the configuration reports it at its key.
std::string refusal(const std::function<void()>& make) {
  try {
    make();
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

}  // namespace

void declare(config::Keys& keys, DropoutOptions& options) {
  keys.add("embedding", options.embedding, "share of the word vectors' units dropped").at_least(0).below(1);
  keys.add("layers", options.layers, "share dropped between two recurrent layers").at_least(0).below(1);
  keys.add("output", options.output, "share dropped before the output layer").at_least(0).below(1);
  keys.add("variational", options.variational,
           "whether a mask is the same at all steps of a sentence (Gal and Ghahramani 2016), else drawn for each");
}

void declare(config::Keys& keys, Seq2SeqOptions& options) {
  if (options.kinds == nullptr) options.kinds = std::make_shared<PartChoice>(*options.parts);
  EmbeddingSize embedding{options.embedding, options.tied_embeddings};
  keys.section("embedding", embedding, "the word vectors");
  keys.select("encoder", options.encoder, options.kinds->encoders, "what reads the source");
  keys.select("decoder", options.decoder, options.kinds->decoders, "what writes the target");
  keys.select("bridge", options.bridge, options.kinds->bridges, "how the decoder starts from the encoder");
  keys.select("output", options.output, options.kinds->outputs, "from decoder states to words");
  keys.section("dropout", options.dropout, "dropped in training; never along time");
  const auto encoder_wrong = [&options] { return refusal([&] { encoder_outline(options); }); };
  const auto decoder_wrong = [&options] { return refusal([&] { decoder_outline(options); }); };
  keys.rule("encoder", encoder_wrong);
  keys.rule("decoder", decoder_wrong);
  keys.rule("embedding.tied", [&options, decoder_wrong] {
    if (!decoder_wrong().empty()) return std::string();  // reported at its own key
    return refusal([&] { check_tied(options, *decoder_outline(options)); });
  });
  keys.rule("bridge", [&options, encoder_wrong, decoder_wrong] {
    if (!encoder_wrong().empty() || !decoder_wrong().empty()) return std::string();
    return refusal([&] {
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
}

Seq2Seq::Seq2Seq(const Options& options, const ModelContext& context) : placement_(context.placement) {
  const PartChoice parts = options.kinds != nullptr ? *options.kinds : PartChoice(*options.parts);
  const auto& placement = context.placement;
  const auto& dropout = options.dropout;
  const auto place_of = [&](const std::string& part) {
    return ParameterPlace{.device = placement.of(part), .type = context.type};
  };
  encoder_ = register_module(
      "encoder",
      parts.encoders.make(options.encoder, {.vocabulary = context.source_vocabulary,
                                            .embedding = options.embedding,
                                            .dropout = {dropout.embedding, dropout.layers, dropout.variational},
                                            .placement = placement,
                                            .type = context.type}));
  const auto stack = parts.decoders.make(
      options.decoder, {.input = options.embedding, .place = [&](int64_t layer) {
                          return ParameterPlace{.device = placement.of_layer("decoder", layer), .type = context.type};
                        }});
  layers_ = {.encoder = std::ssize(encoder_->last_shapes()), .decoder = stack->layers()};
  check_placed(placement, "encoder", layers_.encoder);
  check_placed(placement, "decoder", layers_.decoder);
  check_tied(options, *stack);
  const auto bridge = parts.bridges.make(options.bridge, between(*encoder_, *stack, place_of("bridge")));
  const auto words = std::make_shared<Embedding>(context.target_vocabulary, options.embedding, place_of("embeddings"));
  decoder_ = register_module("decoder", std::make_shared<Decoder>(words, bridge, stack, options.decoder.kind,
                                                                  DecoderDropout{dropout.embedding, dropout.layers,
                                                                                 dropout.output, dropout.variational}));
  const auto tied_weight = options.tied_embeddings ? words->weight() : at::Tensor();
  output_ = register_module("output", parts.outputs.make(options.output, {.width = stack->width(),
                                                                          .vocabulary = context.target_vocabulary,
                                                                          .tied_weight = tied_weight,
                                                                          .placement = placement,
                                                                          .type = context.type}));
}

Memory Seq2Seq::encode(const Packed& ids, const Draw* draw) const { return encoder_->encode(ids, draw); }

std::unique_ptr<DecoderState> Seq2Seq::start(const Memory& memory, const Ids& owner) const {
  return decoder_->start(memory, owner);
}

Features Seq2Seq::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(inputs, state, draw);
}

std::vector<Stage> Seq2Seq::stages() const {
  return Seq2SeqStages(*encoder_, *decoder_, *output_, placement_).stages();
}

StagedBatch Seq2Seq::begin(const StagedInputs& batch) const {
  return Seq2SeqStages(*encoder_, *decoder_, *output_, placement_).begin(batch);
}

std::vector<ParameterUse> Seq2Seq::roles() const {
  const auto of_encoder = encoder_->parameters();
  auto uses = parameter_uses(*this);
  for (auto& use : uses) {
    const bool reads = std::ranges::any_of(of_encoder, [&](const auto& other) { return other.is_same(use.parameter); });
    use.side = reads ? Side::source : Side::target;
  }
  return uses;
}

std::vector<std::pair<std::string, int64_t>> Seq2Seq::part_sizes() const {
  std::vector<std::pair<std::string, int64_t>> sizes;
  for (const auto& item : named_parameters()) {
    // `encoder.lstm.weight_ih_l0` belongs to `encoder.lstm`, `output.weight` to `output`.
    const auto part = item.key().substr(0, item.key().rfind('.'));
    if (sizes.empty() || sizes.back().first != part) sizes.emplace_back(part, 0);
    sizes.back().second += item.value().numel();
  }
  return sizes;
}

}  // namespace seq2seq::nn
