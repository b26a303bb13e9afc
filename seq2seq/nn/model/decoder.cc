#include "seq2seq/nn/model/decoder.h"

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <c10/core/GradMode.h>

namespace seq2seq::nn {
namespace {

using Prepared = std::vector<std::shared_ptr<const PreparedWeights>>;

/// Each layer's state for every hypothesis.
class RecurrentState final : public DecoderState {
 public:
  RecurrentState(std::vector<State> layers, Prepared prepared)
      : layers(std::move(layers)), prepared(std::move(prepared)) {}

  void select(const Ids& hypotheses) override {
    for (auto& state : layers) {
      for (auto& tensor : state) tensor = tensor.index_select(0, hypotheses.to(tensor.device()));
    }
  }

  void append(const DecoderState& other) override {
    const auto& more = dynamic_cast<const RecurrentState&>(other).layers;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      for (size_t part = 0; part < layers[layer].size(); ++part)
        layers[layer][part] = at::cat({layers[layer][part], more.at(layer).at(part)});
    }
  }

  std::vector<State> layers;
  Prepared prepared;  // empty while gradients are kept: the weights are about to change
};

}  // namespace

Decoder::Decoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Bridge> bridge, std::shared_ptr<Stack> stack,
                 const std::string& stack_name, const DecoderDropout& dropout)
    : embedding_(register_module("embedding", std::move(embedding))),
      bridge_(register_module("bridge", std::move(bridge))),
      stack_(register_module(stack_name, std::move(stack))),
      dropout_(dropout) {}

std::unique_ptr<DecoderState> Decoder::start(const Memory& memory, const Ids& owner) const {
  auto prepared = c10::GradMode::is_enabled() ? Prepared() : stack_->prepare();
  auto state = std::make_unique<RecurrentState>(bridge_->first(memory), std::move(prepared));
  state->select(owner);
  return state;
}

Features Decoder::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  auto& recurrent = dynamic_cast<RecurrentState&>(state);
  const auto embedded = nn::dropout(embedding_->forward(inputs), dropout_.embedding,
                                    {.part = Site::Part::target_embedding, .by_sentence = dropout_.variational}, draw);
  const auto rows = stack_->run(embedded, recurrent.layers,
                                {.dropout = dropout_.layers,
                                 .part = Site::Part::decoder_layer,
                                 .variational = dropout_.variational,
                                 .draw = draw,
                                 .prepared = recurrent.prepared.empty() ? nullptr : &recurrent.prepared});
  return {.rows = nn::dropout(rows, dropout_.output, {.part = Site::Part::output, .by_sentence = dropout_.variational},
                              draw)
                      .rows,
          .attention = {}};
}

}  // namespace seq2seq::nn
