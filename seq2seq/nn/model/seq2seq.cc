#include "seq2seq/nn/model/seq2seq.h"

#include <functional>

#include <fmt/format.h>

#include "seq2seq/config/keys.h"

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
  for (int64_t layer = 0; layer < stack.layers(); ++layer) all.push_back(stack.device(layer));
  return all;
}

/// A stack without memory: its sizes are its kind's business.
std::shared_ptr<Stack> outline(const Seq2SeqOptions& options, const Selection& stack) {
  return options.parts->stacks.make(
      stack, {.input = options.embedding, .device = [](int64_t) { return c10::Device(c10::kMeta); }});
}

void check_tied(const Seq2SeqOptions& options, const Stack& decoder) {
  if (!options.tied_embeddings || options.embedding == decoder.cells()) return;
  throw UsageError(fmt::format("tied embeddings need as many cells in the decoder ({}) as the embedding is wide ({})",
                               decoder.cells(), options.embedding),
                   "Set `model.embedding.size` and `model.decoder.cells` alike, or `model.embedding.tied: false`");
}

BridgeContext between(const Stack& encoder, const Stack& decoder) {
  return {.encoder_layers = encoder.layers(),
          .encoder_cells = encoder.cells(),
          .decoder_layers = decoder.layers(),
          .decoder_cells = decoder.cells(),
          .devices = devices(decoder)};
}

/// What a part refuses when it is made is told by the configuration already, at its key.
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
}

void declare(config::Keys& keys, Seq2SeqOptions& options) {
  EmbeddingSize embedding{options.embedding, options.tied_embeddings};
  keys.section("embedding", embedding, "the word vectors");
  keys.select("encoder", options.encoder, options.parts->stacks, "what reads the source");
  keys.select("decoder", options.decoder, options.parts->stacks, "what writes the target");
  keys.select("bridge", options.bridge, options.parts->bridges, "how the decoder starts from the encoder");
  keys.select("output", options.output, options.parts->outputs, "from decoder states to words");
  keys.section("dropout", options.dropout, "dropped in training; never along time");
  keys.rule("embedding.tied",
            [&options] { return refusal([&] { check_tied(options, *outline(options, options.decoder)); }); });
  keys.rule("bridge", [&options] {
    return refusal([&] {
      const auto encoder = outline(options, options.encoder), decoder = outline(options, options.decoder);
      options.parts->bridges.make(options.bridge, between(*encoder, *decoder));
    });
  });
}

Seq2Seq::Seq2Seq(const Options& options, const ModelContext& context)
    : input_device_(context.placement.of_embeddings()) {
  const auto& parts = *options.parts;
  const auto& placement = context.placement;
  const auto encoder_stack = parts.stacks.make(
      options.encoder,
      {.input = options.embedding, .device = [placement](int64_t layer) { return placement.of_encoder_layer(layer); }});
  const auto decoder_stack = parts.stacks.make(
      options.decoder,
      {.input = options.embedding, .device = [placement](int64_t layer) { return placement.of_decoder_layer(layer); }});
  const auto bridge = parts.bridges.make(options.bridge, between(*encoder_stack, *decoder_stack));
  const auto source = std::make_shared<Embedding>(context.source_vocabulary, options.embedding, input_device_);
  const auto target = std::make_shared<Embedding>(context.target_vocabulary, options.embedding, input_device_);
  check_tied(options, *decoder_stack);
  const auto& dropout = options.dropout;
  encoder_ = register_module("encoder", std::make_shared<Encoder>(source, encoder_stack, options.encoder.kind,
                                                                  dropout.embedding, dropout.layers));
  decoder_ = register_module(
      "decoder", std::make_shared<Decoder>(target, bridge, decoder_stack, options.decoder.kind,
                                           DecoderDropout{dropout.embedding, dropout.layers, dropout.output}));
  output_ = register_module(
      "output",
      parts.outputs.make(options.output, {.cells = decoder_stack->cells(),
                                          .vocabulary = context.target_vocabulary,
                                          .tied_weight = options.tied_embeddings ? target->weight() : at::Tensor(),
                                          .device = placement.of_output()}));
}

Memory Seq2Seq::encode(const Packed& ids, const Draw* draw) const { return encoder_->encode(ids, draw); }

std::unique_ptr<DecoderState> Seq2Seq::start(const Memory& memory, const Ids& owner) const {
  return decoder_->start(memory, owner);
}

Packed Seq2Seq::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(inputs, state, draw);
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
