#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/nn/transformer/decoder.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

struct TransformerLanguageModelOptions {
  std::shared_ptr<const Parts> parts = std::make_shared<Parts>();
  std::shared_ptr<const OutputRegistry> outputs{};  // of `parts`, made when the keys are declared
  int64_t width = 512;                              // W
  int64_t layers = 6;
  TransformerLayerOptions layer{};
  WordDropoutOptions word_dropout{};
  bool tied_embeddings = true;
  Selection output{.kind = "full", .options = nullptr};
};
void declare(config::Keys& keys, TransformerLanguageModelOptions& options);

/// A language model by self-attention over the words so far: the decoder of Vaswani et al. 2017 (arXiv 1706.03762)
/// without attention to a source.
class TransformerLanguageModel final : public Model, public StagedModel {
 public:
  using Options = TransformerLanguageModelOptions;
  TransformerLanguageModel(const Options& options, const ModelContext& context);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const override;
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const override;
  const OutputLayer& output() const override { return *output_; }
  const StagedModel* staged() const override { return this; }
  std::vector<Stage> stages() const override;
  StagedBatch begin(const StagedInputs& batch) const override;
  c10::Device input_device() const override { return placement_.of("embeddings"); }
  LayerCounts layers() const override { return {.encoder = 0, .decoder = decoder_->layers()}; }
  std::vector<ParameterUse> roles() const override { return parameter_uses(*this); }
  std::vector<std::pair<std::string, int64_t>> part_sizes() const override;
  Initialization initialization() const override { return Initialization::xavier; }
  int64_t longest_target() const override { return longest_; }

 private:
  std::shared_ptr<TransformerDecoder> decoder_;
  std::shared_ptr<OutputLayer> output_;
  Placement placement_;
  int64_t longest_;
};

}  // namespace seq2seq::nn
