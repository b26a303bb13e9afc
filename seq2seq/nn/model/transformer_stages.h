#pragma once

#include <vector>

#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/nn/sentence_stack.h"
#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::nn {

/// The stages of a Transformer, in this order: the source's words and the encoder's layers; the target's words and the
/// decoder's layers, which read the encoder's states; the shares of the output layer, and the loss that joins them. A
/// layer needs all rows of a sentence, so a pipeline splits a batch by sentences (Huang et al. 2019, arXiv 1811.06965).
/// A language model has no encoder.
class TransformerStages {
 public:
  /// `encoder`: null for a language model.
  TransformerStages(const SentenceStack* encoder, const SentenceStack& decoder, const OutputLayer& output,
                    const Placement& placement)
      : encoder_(encoder), decoder_(decoder), output_(output), placement_(placement) {}

  std::vector<Stage> stages() const;
  StagedBatch begin(const StagedInputs& batch) const;

 private:
  const SentenceStack* encoder_;
  const SentenceStack& decoder_;
  const OutputLayer& output_;
  const Placement& placement_;
};

}  // namespace seq2seq::nn
