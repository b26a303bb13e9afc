#include "seq2seq/nn/model/encoder.h"

#include <utility>

namespace seq2seq::nn {

Encoder::Encoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Stack> stack, const std::string& stack_name,
                 double embedding_dropout, double layer_dropout)
    : embedding_(register_module("embedding", std::move(embedding))),
      stack_(register_module(stack_name, std::move(stack))),
      embedding_dropout_(embedding_dropout),
      layer_dropout_(layer_dropout) {}

Memory Encoder::encode(const Packed& ids, const Draw* draw) const {
  const auto embedded = dropout(embedding_->forward(ids), embedding_dropout_, {Site::Part::source_embedding}, draw);
  Memory memory;
  memory.last = stack_->zero_states(ids.sentences());
  memory.states = stack_->run(embedded, memory.last, layer_dropout_, Site::Part::encoder_layer, draw);
  return memory;
}

}  // namespace seq2seq::nn
