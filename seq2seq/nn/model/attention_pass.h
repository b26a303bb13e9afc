#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/model/decoder.h"
#include "seq2seq/nn/stage/flow.h"
#include "seq2seq/nn/stage/passes.h"
#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::nn {

/// The decoder's top rows look at the encoder's, piece by piece.
struct AttentionStage {
  const AttentionBlock& block;           // of order `after`, without input feeding
  std::shared_ptr<const Layout> source;  // on the attention's device, as is `target`
  std::shared_ptr<const Layout> target;
  std::vector<std::vector<int64_t>> part_lengths;  // from SourceParts::lengths()
  std::shared_ptr<RowFlow> states;                 // of the encoder
  std::shared_ptr<RowFlow> rows, words;            // of the decoder; words: null unless the readout reads them
  StageDropout after;                              // of the output rows
  std::shared_ptr<RowFlow> out;
};
std::unique_ptr<StagePass> attention_pass(AttentionStage stage);

/// A decoder in one piece, its bridge included.
struct DecoderStage {
  const Decoder& decoder;
  Packed source, inputs;  // ids [N]; inputs on the device of the embeddings
  const Draw* draw = nullptr;
  std::shared_ptr<RowFlow> states;               // of the encoder
  std::vector<std::shared_ptr<StateFlow>> last;  // one per layer of the encoder
  std::shared_ptr<RowFlow> out;
};
std::unique_ptr<StagePass> decoder_pass(DecoderStage stage);

}  // namespace seq2seq::nn
