#include "seq2seq/nn/model/decoder.h"

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "seq2seq/nn/model/query_rows.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {

Decoder::Decoder(DecoderParts parts) : parts_(std::move(parts)) {
  register_module("embedding", parts_.embedding);
  register_module("bridge", parts_.bridge);
  register_module(parts_.stack_name, parts_.stack);
  if (parts_.attention->attends()) register_module("attention", parts_.attention->attention());
  if (parts_.attention->readout() != nullptr) register_module("readout", parts_.attention->readout());
}

std::unique_ptr<DecoderState> Decoder::start(const Memory& memory, const Ids& owner) const {
  auto state = std::make_unique<RecurrentState>();
  const auto& block = attention();
  if (!c10::GradMode::is_enabled()) {
    state->prepared = stack().prepare();
  } else if (block.stepwise()) {
    state->prepared = stack().prepare_steps();
    if (block.readout() != nullptr) state->readout = block.readout()->prepare_steps();
  }
  state->carried.layers = bridge().first(memory);
  if (block.attends()) {
    const auto states = data::to(memory.states, block.place().device);
    state->sources = attended_sources(*block.attention(), states, source_parts().lengths(memory.ids));
    if (parts_.copies)
      state->sources.words = SentenceOrder(*states.layout).by_sentence(memory.ids.rows.to(block.place().device));
    const auto zeros = [&](int64_t width) { return at::zeros({memory.sentences(), width}, states.rows.options()); };
    if (block.input_feeding()) state->carried.fed = zeros(block.fed());
    if (block.attention()->needs_past()) state->carried.past = zeros(state->sources.longest());
  }
  state->select(owner);
  return state;
}

StackCall Decoder::stack_call(const RecurrentState& state, const Draw* draw) const {
  return {.dropout = dropout().layers,
          .part = Site::Part::decoder_layer,
          .variational = dropout().variational,
          .draw = draw,
          .prepared = state.prepared.empty() ? nullptr : &state.prepared};
}

Features Decoder::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  auto& recurrent = dynamic_cast<RecurrentState&>(state);
  if (parts_.copies) recurrent.wants_attention = true;
  const auto site = [&](Site::Part part) { return Site{.part = part, .by_sentence = dropout().variational}; };
  const auto vectors = embedding().forward(inputs);
  const auto kept = drop_words(vectors.rows, inputs, dropout().words, Site::Part::target_embedding, draw);
  const auto words = nn::dropout(vectors.with(kept), dropout().embedding, site(Site::Part::target_embedding), draw);
  auto features =
      attention().stepwise() ? advance_steps(words, recurrent, draw) : advance_chunk(words, recurrent, draw);
  if (parts_.copies) features.source = recurrent.sources.words_of(*inputs.layout);
  const Packed rows{features.rows, words.layout->on(features.rows.device())};
  features.rows = nn::dropout(rows, dropout().output, site(Site::Part::output), draw).rows;
  return features;
}

Features Decoder::advance_chunk(const Packed& words, RecurrentState& state, const Draw* draw) const {
  const auto call = stack_call(state, draw);
  auto& layers = state.carried.layers;
  if (!attention().attends()) return {.rows = stack().run(words, layers, call).rows, .attention = {}};
  const QueryRows queries(*words.layout, state.sources, attention().place().device);
  if (attention().order() == AttentionOrder::after) {
    const auto rows = stack().run(words, layers, call);
    const auto found = queries.attend(*attention().attention(), state.sources.memory, rows, state.wants_attention);
    return {.rows = queries.read_out(*attention().readout(), found.context, rows, words),
            .attention = state.wants_attention ? queries.weights(found) : at::Tensor()};
  }
  auto rows = stack().run_layer(0, words, layers[0], call);
  const auto found = queries.attend(*attention().attention(), state.sources.memory, rows, state.wants_attention);
  const auto context = queries.packed(found.context);
  for (int64_t layer = 1; layer < stack().layers(); ++layer) {
    const auto below = rows.with(at::cat({rows.rows, context.to(rows.rows.device())}, 1));
    rows = stack().run_layer(layer, below, layers[static_cast<size_t>(layer)], call);
  }
  const auto& readout = attention().readout();
  return {.rows = readout == nullptr ? rows.rows : queries.read_out(*readout, found.context, rows, words),
          .attention = state.wants_attention ? queries.weights(found) : at::Tensor()};
}

}  // namespace seq2seq::nn
