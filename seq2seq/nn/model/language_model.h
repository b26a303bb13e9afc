#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/decoder.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/model/seq2seq.h"

namespace seq2seq::nn {

struct LanguageModelOptions {
  std::shared_ptr<const Parts> parts = std::make_shared<Parts>();
  std::shared_ptr<const PartChoice> kinds{};  // of `parts`, made when the keys are declared
  int64_t embedding = 512;
  Selection decoder{.kind = "lstm", .options = nullptr};
  Selection output{.kind = "full", .options = nullptr};
  DropoutOptions dropout{};
  bool tied_embeddings = false;  // the output layer's weight is the embedding (Press and Wolf 2017)
};
void declare(config::Keys& keys, LanguageModelOptions& options);

/// A recurrent language model: p(y) = prod_t p(y_t | y_1 ... y_t-1), Mikolov et al. 2010; with dropout between layers
/// Zaremba et al. 2014 (arXiv 1409.2329). Consists of the decoder of `Seq2Seq` only, with the same parameter names, and
/// starts each sentence from zeros. Of a source it uses only the number of sentences.
class LanguageModel final : public Model, public StagedModel {
 public:
  using Options = LanguageModelOptions;
  /// Throws UsageError if the placement names an encoder's layers, or if tied embeddings do not fit.
  LanguageModel(const Options& options, const ModelContext& context);

  /// Returns the ids unchanged, and states of width 0.
  Memory encode(const Packed& ids, const Draw* draw) const override;
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const override;
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const override;
  const OutputLayer& output() const override { return *output_; }
  const StagedModel* staged() const override { return this; }
  std::vector<Stage> stages() const override;
  StagedBatch begin(const StagedInputs& batch) const override;
  c10::Device input_device() const override { return placement_.of("embeddings"); }
  LayerCounts layers() const override { return {.encoder = 0, .decoder = decoder_->stack().layers()}; }
  std::vector<ParameterUse> roles() const override { return parameter_uses(*this); }
  std::vector<std::pair<std::string, int64_t>> part_sizes() const override;

 private:
  std::shared_ptr<Decoder> decoder_;
  std::shared_ptr<OutputLayer> output_;
  Placement placement_;
};

/// Returns the memory of a model without a source: no states, but as many sentences as `ids` has.
Memory memory_without_states(const Packed& ids);

/// The architectures of a language model: rnn, transformer. `parts` may be extended until a model is made.
ModelRegistry builtin_language_models(std::shared_ptr<const Parts> parts = std::make_shared<Parts>());

}  // namespace seq2seq::nn
