#include "seq2seq/nn/model/decoder.h"

#include <utility>

#include <ATen/ops/index_select.h>
#include <c10/core/GradMode.h>

namespace seq2seq::nn {
namespace {

/// Each layer's state for every hypothesis.
class RecurrentState final : public DecoderState {
 public:
  RecurrentState(std::vector<State> layers, std::shared_ptr<const PreparedWeights> prepared)
      : layers(std::move(layers)), prepared(std::move(prepared)) {}

  std::unique_ptr<DecoderState> select(const Ids& hypotheses) const override {
    std::vector<State> selected;
    for (const auto& state : layers) {
      State& copy = selected.emplace_back();
      for (const auto& tensor : state) copy.push_back(tensor.index_select(0, hypotheses.to(tensor.device())));
    }
    return std::make_unique<RecurrentState>(std::move(selected), prepared);
  }

  std::vector<State> layers;
  std::shared_ptr<const PreparedWeights> prepared;  // null while gradients are kept: the weights are about to change
};

}  // namespace

Decoder::Decoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Bridge> bridge, std::shared_ptr<Stack> stack,
                 const std::string& stack_name, const DecoderDropout& dropout)
    : embedding_(register_module("embedding", std::move(embedding))),
      bridge_(register_module("bridge", std::move(bridge))),
      stack_(register_module(stack_name, std::move(stack))),
      dropout_(dropout) {}

std::unique_ptr<DecoderState> Decoder::start(const Memory& memory, const Ids& owner) const {
  auto prepared = c10::GradMode::is_enabled() ? nullptr : stack_->prepare();
  return RecurrentState(bridge_->first(memory), std::move(prepared)).select(owner);
}

Packed Decoder::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  auto& recurrent = dynamic_cast<RecurrentState&>(state);
  const auto embedded = dropout(embedding_->forward(inputs), dropout_.embedding, {Site::Part::target_embedding}, draw);
  const auto rows = stack_->run(embedded, recurrent.layers, dropout_.layers, Site::Part::decoder_layer, draw,
                                recurrent.prepared.get());
  return dropout(rows, dropout_.output, {Site::Part::output}, draw);
}

}  // namespace seq2seq::nn
