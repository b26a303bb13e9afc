#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/recurrent/stack.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/stage/flow.h"
#include "seq2seq/nn/stage/stage.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

/// Dropout at one site of a stage; a share of 0 or a null draw drops nothing.
struct StageDropout {
  double share = 0;
  Site site{Site::Part::output};
  const Draw* draw = nullptr;
};

/// Masks of one site, made piece by piece and kept for the backward pass.
class StageMask {
 public:
  StageMask(const StageDropout& dropout, std::shared_ptr<const Layout> layout)
      : dropout_(dropout), layout_(std::move(layout)) {}
  bool drops() const { return dropout_.share > 0 && dropout_.draw != nullptr; }
  /// Makes the mask of a piece and multiplies its rows [n, width] by it in place.
  void apply(const Piece& piece, at::Tensor rows);
  /// Multiplies by the same mask again.
  void apply_again(const Piece& piece, at::Tensor rows) const;

 private:
  StageDropout dropout_;
  std::shared_ptr<const Layout> layout_;
  at::Tensor mask_;  // [N, width]
};

/// Looks words up and drops units of their vectors, and whole vectors.
std::unique_ptr<StagePass> embedding_pass(const Embedding& embedding, const Packed& ids, const StageDropout& dropout,
                                          const WordDropout& words, std::shared_ptr<RowFlow> out);

/// Input and output of a layer's stage.
struct LayerStage {
  const Layer& layer;
  const std::vector<at::Tensor>& parameters;
  std::shared_ptr<const PreparedWeights> prepared;  // null: none
  std::shared_ptr<const Layout> layout;             // on the layer's device
  StageDropout before, after;                       // of the input rows and of the output rows
  const Draw* draw = nullptr;                       // for dropout within the layer
  std::shared_ptr<RowFlow> in, out;
  std::shared_ptr<StateFlow> first;  // null: the layer starts from zeros
  std::shared_ptr<StateFlow> last;   // null: no stage reads its last state
  bool trains = true;                // true if the layer or anything before it is trained
  bool adds_input = false;           // true if the rows of `in`, before dropout, are added to the layer's output
  bool left_out = false;             // true if only these rows are passed on; the layer's state still advances
};
std::unique_ptr<StagePass> layer_stage_pass(LayerStage stage);

/// Computes the decoder's first states from all results of the encoder, in one piece. `states`: the encoder's rows.
struct BridgeStage {
  const Bridge& bridge;
  Packed ids;
  std::shared_ptr<RowFlow> states;
  std::vector<std::shared_ptr<StateFlow>> last;   // one per layer of the encoder
  std::vector<std::shared_ptr<StateFlow>> first;  // one per layer of the decoder
};
std::unique_ptr<StagePass> bridge_pass(BridgeStage stage);

/// An encoder that is more than a stack of layers, in one piece.
struct EncoderStage {
  const Encoder& encoder;
  Packed ids;
  const Draw* draw = nullptr;
  std::shared_ptr<RowFlow> states;
  std::vector<std::shared_ptr<StateFlow>> last;
};
std::unique_ptr<StagePass> encoder_pass(EncoderStage stage);

/// A part of a stack of layers that need whole sentences, in one piece.
struct SentenceStage {
  SentenceWork work;
  std::vector<at::Tensor> parameters;
  c10::Device device{c10::kCPU};
  std::shared_ptr<RowFlow> below;   // null: word vectors
  std::shared_ptr<RowFlow> states;  // of the encoder; null: it reads none
  size_t states_reader = 0;         // its number as a reader of `states`
  std::shared_ptr<RowFlow> out;
  bool trains = true;  // true if the part or anything before it is trained
};
std::unique_ptr<StagePass> sentence_pass(SentenceStage stage);

/// Computes losses from rows. `losses` [N], on the output layer's home device, are filled piece by piece.
struct OutputStage {
  const OutputLayer& output;
  std::shared_ptr<RowFlow> in;
  Ids targets;  // [N]
  LossSpec spec;
  at::Tensor losses;
};
/// Makes the pass of an output layer that cannot be split.
std::unique_ptr<StagePass> whole_output_pass(OutputStage stage);
/// Makes one pass per shard, then the pass that joins them.
std::vector<std::unique_ptr<StagePass>> sharded_output_passes(OutputStage stage);

}  // namespace seq2seq::nn
