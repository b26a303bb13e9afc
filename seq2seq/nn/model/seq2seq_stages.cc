#include "seq2seq/nn/model/seq2seq_stages.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/nn/model/attention_pass.h"
#include "seq2seq/nn/model/stage_list.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

using Needs = StageInput::Needs;

/// Walks through the model once and lists its stages; with a batch, also makes their passes.
class Walk final : public StageList {
 public:
  using StageList::StageList;

  void whole_model(const Encoder* encoder, const Decoder& decoder, const OutputLayer& output);

 private:
  /// `sources`: number of sentences of a source, each with its own encoder.
  void encode(const Encoder& encoder, int64_t sources);
  void bridge(const Bridge& bridge, int64_t layers);
  void decode(const Decoder& decoder);
  void attend(const Decoder& decoder, const Rows& states, const Rows& words);
  void whole_decoder(const Decoder& decoder);

  struct Dropped {
    double before = 0, after = 0;
    Site::Part part = Site::Part::encoder_layer;
    bool by_sentence = false;
    WordDropout words{};
  };
  /// Drops `dropped.words` and `dropped.after`.
  Rows words(const char* side_name, Side side, const Embedding& embedding, const Dropped& dropped);
  Rows layer(const char* name, const Stack& stack, int64_t number, Side side, const Dropped& dropped, const Rows& below,
             const Last* start, const std::shared_ptr<StateFlow>& last);
  void whole_encoder(const Encoder& encoder, int64_t sources);

  Rows rows_;                // of the last part walked
  std::vector<Last> last_;   // of the encoder's layers
  std::vector<Last> first_;  // the state that each layer of the decoder starts from; empty: zeros
};

StageList::Rows Walk::words(const char* side_name, Side side, const Embedding& embedding, const Dropped& dropped) {
  const auto& weight = embedding.weight();
  Stage stage{.name = fmt::format("embeddings.{}", side_name), .place = placement_.place_of("embeddings")};
  stage.device = weight.device();
  stage.side = side;
  stage.defers_weights = true;
  stage.parameters = {weight};
  stage.width = stage.kept = weight.size(1);
  Rows rows{add(std::move(stage)), row_flow(side, weight.size(1), {weight.device(), weight.scalar_type()})};
  const Site site{.part = dropped.part, .by_sentence = dropped.by_sentence};
  pass([&] { return embedding_pass(embedding, ids(side), dropout(dropped.after, site), dropped.words, rows.flow); });
  return rows;
}

StageList::Rows Walk::layer(const char* name, const Stack& stack, int64_t number, Side side, const Dropped& dropped,
                            const Rows& below, const Last* start, const std::shared_ptr<StateFlow>& last) {
  const auto& layer = stack.layer(number);
  Stage stage{.name = fmt::format("{}.{}", name, number)};
  stage.place = placement_.place_of(stage.name);
  stage.device = layer.place().device;
  stage.side = side;
  stage.recurrent = true;
  stage.whole = layer.needs_all_steps();
  stage.defers_weights = true;
  stage.inputs = {{below.stage, Needs::steps}};
  if (start != nullptr) stage.inputs.push_back({start->stage, Needs::end});
  stage.parameters = stack.parameters_of(number);
  stage.products = products_of(stage.parameters);
  stage.width = layer.width();
  stage.kept = kept_by(stage.parameters, stage.width);
  if (const int64_t directions = layer.directions(); directions > 1)
    // Each direction stores its own rows, the second one its own copy of the input; the output is a copy of both.
    stage.kept = directions * kept_by(stage.parameters, stage.width / directions) + stage.width +
                 (directions - 1) * this->stage(below.stage).width;
  Rows rows{add(std::move(stage)), row_flow(side, layer.width(), layer.place())};
  pass([&] {
    const bool top = number + 1 == stack.layers();
    return layer_stage_pass(
        {.layer = layer,
         .parameters = stack.parameters_of(number),
         .prepared = layer.prepare(),
         .layout = ids(side).layout->on(layer.place().device),
         .before = dropout(number > 0 ? dropped.before : 0,
                           {dropped.part, static_cast<uint32_t>(number), dropped.by_sentence}),
         .after = dropout(top ? dropped.after : 0, {.part = Site::Part::output, .by_sentence = dropped.by_sentence}),
         .draw = inputs_->draw,
         .in = below.flow,
         .out = rows.flow,
         .first = start == nullptr ? nullptr : start->flow,
         .last = last,
         .trains = trains(),
         .adds_input = stack.adds_input(number),
         .left_out = stack.drops_layer(number, {dropped.part, static_cast<uint32_t>(number)}, inputs_->draw)});
  });
  return rows;
}

void Walk::encode(const Encoder& encoder, int64_t sources) {
  const auto parts = encoder.layers();
  if (const auto* stack = encoder.sentence_stack()) {
    rows_ = sentences(*stack, {.side = Side::source, .packs = true});
    return;
  }
  if (!parts) return whole_encoder(encoder, sources);
  const auto& shares = parts->dropout;
  rows_ = words("source", Side::source, parts->embedding,
                {.after = shares.embedding,
                 .part = Site::Part::source_embedding,
                 .by_sentence = shares.variational,
                 .words = shares.words});
  for (int64_t number = 0; number < parts->stack.layers(); ++number) {
    Last last{0, state_flow()};
    const Dropped dropped{
        .before = shares.layers, .part = Site::Part::encoder_layer, .by_sentence = shares.variational};
    rows_ = layer("encoder", parts->stack, number, Side::source, dropped, rows_, nullptr, last.flow);
    last.stage = rows_.stage;
    last_.push_back(std::move(last));
  }
}

/// Fills in the figures that a plan needs for a whole encoder as one stage. For each recurrence a row keeps its gates,
/// states and cells. All encoders of a source have the same sizes, and each row passes through one of them.
void measure_encoder(const Encoder& encoder, int64_t sources, Stage& stage) {
  std::vector<at::Tensor> matrices;  // matrices that multiply rows: all parameters but tables
  int64_t vectors = 0, recurrent = 0;
  for (const auto& use : parameter_uses(encoder)) {
    if (use.role.kind == Role::Kind::embedding) {
      vectors += use.parameter.size(1);
    } else if (use.parameter.dim() == 2) {
      matrices.push_back(use.parameter);
    }
    if (use.role.kind == Role::Kind::recurrent) recurrent += use.parameter.size(0) + 2 * use.parameter.size(1);
  }
  const int64_t layers = recurrent > 0 ? encoder.width() + recurrent : kept_by(matrices, encoder.width());
  stage.products = products_of(matrices) / static_cast<double>(sources);
  stage.kept = (vectors + layers) / sources;
}

void Walk::whole_encoder(const Encoder& encoder, int64_t sources) {
  Stage stage{.name = "encoder", .place = placement_.place_of("encoder.0"), .device = placement_.of("encoder.0")};
  stage.side = Side::source;
  stage.whole = true;
  stage.spans_devices = true;
  stage.parameters = parameters_used(encoder);
  stage.width = encoder.width();
  if (inputs_ == nullptr) measure_encoder(encoder, sources, stage);  // only a plan reads these figures
  const ParameterPlace place{.device = stage.device, .type = stage.parameters.front().scalar_type()};
  const int64_t number = add(std::move(stage));
  rows_ = {number, row_flow(Side::source, encoder.width(), place)};
  std::vector<std::shared_ptr<StateFlow>> last;
  for (size_t layer = 0; layer < encoder.last_shapes().size(); ++layer) {
    last_.push_back({number, state_flow()});
    last.push_back(last_.back().flow);
  }
  pass([&] {
    const auto device = placement_.of("embeddings");
    return encoder_pass({encoder, data::to(inputs_->source, device), inputs_->draw, rows_.flow, std::move(last)});
  });
}

void Walk::bridge(const Bridge& bridge, int64_t layers) {
  const auto copied = bridge.copied_layers();
  for (const int64_t layer : copied) first_.push_back(last_.at(static_cast<size_t>(layer)));
  if (!copied.empty()) return;
  Stage stage{.name = "bridge", .place = placement_.place_of("bridge"), .device = placement_.of("bridge")};
  stage.side = Side::source;
  stage.whole = true;
  stage.spans_devices = true;
  stage.parameters = parameters_used(bridge);
  stage.inputs = {{rows_.stage, Needs::rows}};
  for (const auto& last : last_)
    if (last.stage != rows_.stage) stage.inputs.push_back({last.stage, Needs::end});
  const int64_t number = add(std::move(stage));
  BridgeStage made{.bridge = bridge, .ids = {}, .states = rows_.flow, .last = {}, .first = {}};
  for (const auto& last : last_) made.last.push_back(last.flow);
  for (int64_t layer = 0; layer < layers; ++layer) {
    first_.push_back({number, state_flow()});
    made.first.push_back(first_.back().flow);
  }
  pass([&] {
    made.ids = inputs_->source;
    return bridge_pass(std::move(made));
  });
}

void Walk::decode(const Decoder& decoder) {
  const auto& shares = decoder.dropout();
  const bool attends = decoder.attention().attends();
  const Rows states = rows_;
  const Rows words = this->words("target", Side::target, decoder.embedding(),
                                 {.after = shares.embedding,
                                  .part = Site::Part::target_embedding,
                                  .by_sentence = shares.variational,
                                  .words = shares.words});
  rows_ = words;
  const Dropped dropped{.before = shares.layers,
                        .after = attends ? 0 : shares.output,
                        .part = Site::Part::decoder_layer,
                        .by_sentence = shares.variational};
  for (int64_t number = 0; number < decoder.stack().layers(); ++number)
    rows_ = layer("decoder", decoder.stack(), number, Side::target, dropped, rows_,
                  first_.empty() ? nullptr : &first_.at(static_cast<size_t>(number)), nullptr);
  if (attends) attend(decoder, states, words);
}

void Walk::attend(const Decoder& decoder, const Rows& states, const Rows& words) {
  const auto& block = decoder.attention();
  const bool reads_words = block.readout()->reads_words();
  const auto device = block.place().device;
  Stage stage{.name = "attention", .place = placement_.place_of("attention"), .device = device};
  stage.inputs = {{rows_.stage, Needs::steps}, {states.stage, Needs::rows}};
  if (reads_words) stage.inputs.push_back({words.stage, Needs::steps});
  stage.parameters = parameters_used(*block.attention());
  const auto of_readout = parameters_used(*block.readout());
  stage.parameters.insert(stage.parameters.end(), of_readout.begin(), of_readout.end());
  stage.products = products_of(stage.parameters);
  stage.width = block.width();
  stage.kept = kept_by(stage.parameters, stage.width);
  const ParameterPlace place{.device = device, .type = of_readout.front().scalar_type()};
  const Rows below = rows_;
  rows_ = {add(std::move(stage)), row_flow(Side::target, block.width(), place)};
  pass([&] {
    return attention_pass({.block = block,
                           .source = inputs_->source.layout->on(device),
                           .target = inputs_->inputs.layout->on(device),
                           .part_lengths = decoder.source_parts().lengths(inputs_->source),
                           .states = states.flow,
                           .rows = below.flow,
                           .words = reads_words ? words.flow : nullptr,
                           .after = dropout(decoder.dropout().output,
                                            {.part = Site::Part::output, .by_sentence = decoder.dropout().variational}),
                           .out = rows_.flow});
  });
}

void Walk::whole_decoder(const Decoder& decoder) {
  const auto top = layer_part("decoder", decoder.stack().layers() - 1);
  Stage stage{.name = "decoder", .place = placement_.place_of(top), .device = decoder.attention().place().device};
  stage.whole = true;
  stage.spans_devices = true;
  stage.inputs = {{rows_.stage, Needs::rows}};
  for (const auto& last : last_)
    if (last.stage != rows_.stage) stage.inputs.push_back({last.stage, Needs::end});
  stage.parameters = parameters_used(decoder);
  for (const auto& parameter : stage.parameters)
    if (!parameter.is_same(decoder.embedding().weight())) stage.products += products_of({parameter});
  stage.width = decoder.attention().width();
  stage.kept = kept_by(stage.parameters, stage.width);
  const ParameterPlace place{.device = stage.device, .type = stage.parameters.front().scalar_type()};
  DecoderStage made{.decoder = decoder, .source = {}, .inputs = {}, .states = rows_.flow, .last = {}, .out = nullptr};
  for (const auto& last : last_) made.last.push_back(last.flow);
  rows_ = {add(std::move(stage)), row_flow(Side::target, decoder.attention().width(), place)};
  pass([&] {
    made.source = inputs_->source;
    made.inputs = data::to(inputs_->inputs, placement_.of("embeddings"));
    made.draw = inputs_->draw;
    made.out = rows_.flow;
    return decoder_pass(std::move(made));
  });
}

void Walk::whole_model(const Encoder* encoder, const Decoder& decoder, const OutputLayer& output) {
  if (encoder == nullptr) {
    decode(decoder);
    return write(output, rows_);
  }
  encode(*encoder, decoder.source_parts().count);
  const auto& attention = decoder.attention();
  if (attention.stepwise() || attention.beside_layers() > 0) {
    whole_decoder(decoder);
  } else {
    bridge(decoder.bridge(), decoder.stack().layers());
    decode(decoder);
  }
  write(output, rows_);
}

}  // namespace

std::vector<Stage> Seq2SeqStages::stages() const {
  Walk made(placement_, nullptr);
  made.whole_model(encoder_, decoder_, output_);
  return made.take_stages();
}

StagedBatch Seq2SeqStages::begin(const StagedInputs& batch) const {
  Walk made(placement_, &batch);
  made.whole_model(encoder_, decoder_, output_);
  return made.take_batch();
}

}  // namespace seq2seq::nn
