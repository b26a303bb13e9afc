#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/nn/transformer/decoder.h"
#include "seq2seq/nn/transformer/encoder.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

/// The defaults are the base model of arXiv 1706.03762, table 3.
struct TransformerOptions {
  std::shared_ptr<const Parts> parts = std::make_shared<Parts>();
  std::shared_ptr<const OutputRegistry> outputs{};  // of `parts`, made when the keys are declared
  int64_t width = 512;                              // W, d_model of the paper
  int64_t encoder_layers = 6, decoder_layers = 6;
  TransformerLayerOptions layer{};
  WordDropoutOptions word_dropout{};
  bool tied_embeddings = true;     // the output layer's weight is the target embedding; arXiv 1706.03762, section 3.4
  bool shared_embeddings = false;  // the source embedding is the target's
  Selection output{.kind = "full", .options = nullptr};
};
void declare(config::Keys& keys, TransformerOptions& options);

/// The Transformer of Vaswani et al. 2017 (arXiv 1706.03762), on packed rows: each sentence attends only to its own
/// rows.
class Transformer final : public Model, public StagedModel {
 public:
  using Options = TransformerOptions;
  Transformer(const Options& options, const ModelContext& context);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const override;
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const override;
  const OutputLayer& output() const override { return *output_; }
  const StagedModel* staged() const override { return this; }
  std::vector<Stage> stages() const override;
  StagedBatch begin(const StagedInputs& batch) const override;
  c10::Device input_device() const override { return placement_.of("embeddings"); }
  LayerCounts layers() const override { return layers_; }
  std::vector<ParameterUse> roles() const override;
  std::vector<std::pair<std::string, int64_t>> part_sizes() const override;
  Initialization initialization() const override { return Initialization::xavier; }
  bool attends() const override { return true; }
  bool shares_embeddings() const override { return shares_embeddings_; }
  int64_t longest_source() const override { return longest_; }
  int64_t longest_target() const override { return longest_; }

 private:
  std::shared_ptr<TransformerEncoder> encoder_;
  std::shared_ptr<TransformerDecoder> decoder_;
  std::shared_ptr<OutputLayer> output_;
  Placement placement_;
  LayerCounts layers_;
  int64_t longest_;
  bool shares_embeddings_;
};

}  // namespace seq2seq::nn
