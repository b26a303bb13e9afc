#include "seq2seq/nn/model/transformer_language_model.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/nn/model/part_sizes.h"
#include "seq2seq/nn/model/transformer_stages.h"
#include "seq2seq/nn/model/transformer_state.h"
#include "seq2seq/nn/model/transformer_words.h"

namespace seq2seq::nn {
namespace {

struct LanguageModelDepth {
  int64_t& layers;
};
void declare(config::Keys& keys, LanguageModelDepth& depth) {
  keys.add("layers", depth.layers, "layers L, one above the other").at_least(1).at_most(64);
}

struct TransformerLanguageModelWords {
  bool& tied;
};
void declare(config::Keys& keys, TransformerLanguageModelWords& options) {
  keys.add("tied", options.tied, "use the embedding as the weight of the output layer");
}

struct TransformerLanguageModelDropout {
  TransformerDropout& layers;
  WordDropoutOptions& words;
};
void declare(config::Keys& keys, TransformerLanguageModelDropout& options) {
  declare(keys, options.layers);
  TargetWordDropout words{options.words};
  keys.section("words", words, "dropout of whole word vectors");
}

}  // namespace

void declare(config::Keys& keys, TransformerLanguageModelOptions& options) {
  declare_width(keys, options);
  LanguageModelDepth decoder{options.layers};
  keys.section("decoder", decoder, "decoder, which reads the preceding words");
  declare_without_dropout(keys, options.layer);
  TransformerLanguageModelDropout dropout{options.layer.dropout, options.word_dropout};
  keys.section("dropout", dropout, "dropout");
  TransformerLanguageModelWords embedding{options.tied_embeddings};
  keys.section("embedding", embedding, "word vectors");
  declare_output(keys, options);
}

TransformerLanguageModel::TransformerLanguageModel(const Options& options, const ModelContext& context)
    : placement_(context.placement), longest_(longest_sentence(options.layer)) {
  check_heads(options.layer, options.width, "model", "model.width");
  check_placed(placement_, "encoder", 0);
  check_placed(placement_, "decoder", options.layers);
  decoder_ = register_module("decoder", std::make_shared<TransformerDecoder>(
                                            options.layers, options.layer,
                                            TransformerDecoderContext{.vocabulary = context.target_vocabulary,
                                                                      .width = options.width,
                                                                      .placement = placement_,
                                                                      .type = context.type,
                                                                      .word_dropout = options.word_dropout.of_target(),
                                                                      .reads_source = false}));
  output_ = register_module("output", make_output(options, context, decoder_->embedding()));
}

std::vector<Stage> TransformerLanguageModel::stages() const {
  return TransformerStages(nullptr, *decoder_, *output_, placement_).stages();
}

StagedBatch TransformerLanguageModel::begin(const StagedInputs& batch) const {
  return TransformerStages(nullptr, *decoder_, *output_, placement_).begin(batch);
}

Memory TransformerLanguageModel::encode(const Packed& ids, const Draw* /*draw*/) const {
  return memory_without_states(ids);
}

std::unique_ptr<DecoderState> TransformerLanguageModel::start(const Memory& memory, const Ids& owner) const {
  return std::make_unique<TransformerState>(decoder_->start(memory, on_host(owner)));
}

Features TransformerLanguageModel::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(inputs, dynamic_cast<TransformerState&>(state).caches, /*wants_attention=*/false, draw);
}

std::vector<std::pair<std::string, int64_t>> TransformerLanguageModel::part_sizes() const {
  return part_sizes_by_layer(*this);
}

}  // namespace seq2seq::nn
