#pragma once

#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/model/memory.h"

namespace seq2seq::nn {

/// Reads a source: embedding, then a recurrent stack that starts from zeros (arXiv 1409.3215, section 3.4).
class Encoder final : public torch::nn::Module {
 public:
  /// `stack_name`: what the stack is registered as, its kind.
  Encoder(std::shared_ptr<Embedding> embedding, std::shared_ptr<Stack> stack, const std::string& stack_name,
          double embedding_dropout, double layer_dropout);
  /// ids [N] -> the top layer's states [N, H] and every layer's last state.
  Memory encode(const Packed& ids, const Draw* draw) const;

 private:
  std::shared_ptr<Embedding> embedding_;
  std::shared_ptr<Stack> stack_;
  double embedding_dropout_, layer_dropout_;
};

}  // namespace seq2seq::nn
