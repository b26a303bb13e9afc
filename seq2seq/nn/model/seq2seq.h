#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/bridge/bridge.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/model/copied_ids.h"
#include "seq2seq/nn/model/decoder.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/word_dropout.h"

namespace seq2seq::nn {

/// The registries from which a recurrent encoder–decoder takes its parts. Every kind of layer is also a kind of encoder
/// and of decoder; `encoders` holds the kinds that are more than a stack of layers.
struct Parts {
  LayerRegistry layers = builtin_layers();
  EncoderRegistry encoders = builtin_encoders();
  BridgeRegistry bridges = builtin_bridges();
  AttentionRegistry attentions = builtin_attentions();
  OutputRegistry outputs = builtin_outputs();
};

/// The present contents of Parts, with the kinds that follow from them. Configuration and models choose from these.
struct PartChoice {
  explicit PartChoice(const Parts& parts);
  EncoderRegistry encoders;
  StackRegistry decoders;
  BridgeRegistry bridges;
  AttentionBlockRegistry attentions;
  OutputRegistry outputs;
};

/// Shares of units dropped in training. Applied between layers only, never along time (Zaremba et al. 2014, arXiv
/// 1409.2329).
struct DropoutOptions {
  double embedding = 0;
  double layers = 0;
  double output = 0;
  bool variational = false;
  WordDropoutOptions words{};
};
void declare(config::Keys& keys, DropoutOptions& options);
/// As declare(), without the section `words`.
void declare_without_words(config::Keys& keys, DropoutOptions& options);

struct Seq2SeqOptions {
  std::shared_ptr<const Parts> parts = std::make_shared<Parts>();
  std::shared_ptr<const PartChoice> kinds;  // of `parts`, made when the keys are declared
  int64_t embedding = 512;
  Selection encoder{.kind = "lstm", .options = nullptr};
  Selection decoder{.kind = "lstm", .options = nullptr};
  Selection bridge{.kind = "copy", .options = nullptr};
  Selection attention{.kind = "none", .options = nullptr};
  Selection output{.kind = "full", .options = nullptr};
  DropoutOptions dropout;
  bool tied_embeddings = false;    // the output layer's weight is the target embedding (Press and Wolf 2017)
  bool shared_embeddings = false;  // the source embedding is the target embedding; with `tied` all three are one
};
void declare(config::Keys& keys, Seq2SeqOptions& options);

/// The recurrent encoder–decoder of Sutskever, Vinyals and Le 2014 (arXiv 1409.3215, section 2): the encoder's final
/// state starts the decoder, p(y | x) = prod_t softmax(W s_t + b)[y_t]. With attention the decoder also looks at all of
/// the encoder's states (nn/attention/block.h).
class Seq2Seq final : public Model, public StagedModel {
 public:
  using Options = Seq2SeqOptions;
  Seq2Seq(const Options& options, const ModelContext& context);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  std::unique_ptr<DecoderState> start(const Memory& memory, const Ids& owner) const override;
  Features advance(const Packed& inputs, DecoderState& state, const Draw* draw) const override;
  const OutputLayer& output() const override { return *output_; }
  const StagedModel* staged() const override { return output_->copies() ? nullptr : this; }
  std::vector<Stage> stages() const override;
  StagedBatch begin(const StagedInputs& batch) const override;
  c10::Device input_device() const override { return placement_.of("embeddings"); }
  LayerCounts layers() const override { return layers_; }
  bool attends() const override { return decoder_->attention().attends(); }
  bool differentiates_attention() const override { return decoder_->attention().differentiates_weights(); }
  bool shares_embeddings() const override { return shares_embeddings_; }
  int64_t longest_source() const override { return encoder_->longest_sentence(); }
  std::vector<ParameterUse> roles() const override;
  std::vector<std::pair<std::string, int64_t>> part_sizes() const override;

 private:
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Decoder> decoder_;
  std::shared_ptr<OutputLayer> output_;
  Placement placement_;
  LayerCounts layers_;
  bool shares_embeddings_;
  std::optional<CopiedIds> copied_;  // if the output layer copies
};

/// The architectures, by `model.architecture`: rnn, transformer. `parts` may be extended until a model or its
/// configuration is made.
ModelRegistry builtin_models(std::shared_ptr<const Parts> parts = std::make_shared<Parts>());

}  // namespace seq2seq::nn
