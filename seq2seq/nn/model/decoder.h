#pragma once

#include <memory>
#include <string>

#include "seq2seq/nn/attention/block.h"
#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/model/decoder_state.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/recurrent/stack.h"
#include "seq2seq/nn/source_parts.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

struct DecoderDropout {
  double embedding = 0, layers = 0, output = 0;
  bool variational = false;  // true if all steps of a sentence share a mask
  WordDropout words{};
};

/// Parts and options of a decoder.
struct DecoderParts {
  std::shared_ptr<Embedding> embedding;
  std::shared_ptr<Bridge> bridge;
  std::shared_ptr<Stack> stack;
  std::string stack_name;  // name of the stack's module: the kind of its layers
  std::shared_ptr<AttentionBlock> attention;
  DecoderDropout dropout;
  bool copies = false;  // true if the output layer reads attention weights and source words
  SourceParts source_parts{};
};

/// Writes a target. Starts from the bridge's state; reads the words so far through embedding, recurrent stack and
/// attention.
class Decoder final : public Module {
 public:
  explicit Decoder(DecoderParts parts);
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const;
  /// ids [N] -> rows [N, width of the attention block]. The features contain the attention weights if the state
  /// requests them or the output layer copies; if it copies, also the source's words.
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const;

  const Embedding& embedding() const { return *parts_.embedding; }
  const Bridge& bridge() const { return *parts_.bridge; }
  const Stack& stack() const { return *parts_.stack; }
  const AttentionBlock& attention() const { return *parts_.attention; }
  const SourceParts& source_parts() const { return parts_.source_parts; }
  const DecoderDropout& dropout() const { return parts_.dropout; }

 private:
  StackCall stack_call(const RecurrentState& state, const Draw* draw) const;
  Features advance_chunk(const Packed& words, RecurrentState& state, const Draw* draw) const;
  Features advance_steps(const Packed& words, RecurrentState& state, const Draw* draw) const;

  DecoderParts parts_;
};

}  // namespace seq2seq::nn
