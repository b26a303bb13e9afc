#pragma once

#include <vector>

#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/model/decoder.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::nn {

/// The stages of a recurrent encoder–decoder, in this order: the source's words and the encoder's layers (an encoder
/// that is more than a stack of layers is one stage); the bridge, unless it copies; the target's words, the decoder's
/// layers, its attention, the shares of the output layer, and the loss that joins them. If the bridge copies, each
/// layer of the decoder starts as soon as the layer it copies from has ended. If the decoder's layers read the
/// attention's context, the decoder and its bridge are one stage. Without an encoder there are no stages for the source
/// and no bridge, and the layers start from zeros.
class Seq2SeqStages {
 public:
  Seq2SeqStages(const Encoder& encoder, const Decoder& decoder, const OutputLayer& output, const Placement& placement)
      : encoder_(&encoder), decoder_(decoder), output_(output), placement_(placement) {}
  /// Stages of a decoder without attention that starts from zeros.
  Seq2SeqStages(const Decoder& decoder, const OutputLayer& output, const Placement& placement)
      : encoder_(nullptr), decoder_(decoder), output_(output), placement_(placement) {}

  std::vector<Stage> stages() const;
  StagedBatch begin(const StagedInputs& batch) const;

 private:
  const Encoder* encoder_;  // null: none
  const Decoder& decoder_;
  const OutputLayer& output_;
  const Placement& placement_;
};

}  // namespace seq2seq::nn
