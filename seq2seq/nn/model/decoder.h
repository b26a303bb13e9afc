#pragma once

#include <memory>
#include <string>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/recurrent/stack.h"

namespace seq2seq::nn {

struct DecoderDropout {
  double embedding = 0, layers = 0, output = 0;
  bool variational = false;  // whether each mask is the same at all steps of a sentence
};

/// Writes a target: the bridge's state, then embedding and recurrent stack over the words so far.
class Decoder final : public Module {
 public:
  /// `stack_name`: what the stack is registered as, the kind of its layers.
  Decoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Bridge> bridge, std::shared_ptr<Stack> stack,
          const std::string& stack_name, const DecoderDropout& dropout);
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const;
  /// ids [N] -> rows [N, H].
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const;

  const Embedding& embedding() const { return *embedding_; }
  const Bridge& bridge() const { return *bridge_; }
  const Stack& stack() const { return *stack_; }
  const DecoderDropout& dropout() const { return dropout_; }

 private:
  std::shared_ptr<Embedding> embedding_;
  std::shared_ptr<Bridge> bridge_;
  std::shared_ptr<Stack> stack_;
  DecoderDropout dropout_;
};

}  // namespace seq2seq::nn
