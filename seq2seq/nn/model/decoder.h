#pragma once

#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/model/model.h"

namespace seq2seq::nn {

struct DecoderDropout {
  double embedding = 0, layers = 0, output = 0;
};

/// Writes a target: the bridge's state, then embedding and recurrent stack over the words so far.
class Decoder final : public torch::nn::Module {
 public:
  /// `stack_name`: what the stack is registered as, its kind.
  Decoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Bridge> bridge, std::shared_ptr<Stack> stack,
          const std::string& stack_name, const DecoderDropout& dropout);
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const;
  /// ids [N] -> [N, H], what the output layer takes.
  Packed advance(const Packed& inputs, DecoderState& state, const Draw* draw) const;

 private:
  std::shared_ptr<Embedding> embedding_;
  std::shared_ptr<Bridge> bridge_;
  std::shared_ptr<Stack> stack_;
  DecoderDropout dropout_;
};

}  // namespace seq2seq::nn
