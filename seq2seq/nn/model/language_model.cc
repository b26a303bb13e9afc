#include "seq2seq/nn/model/language_model.h"

#include <functional>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/model/part_sizes.h"
#include "seq2seq/nn/model/refusal.h"
#include "seq2seq/nn/model/seq2seq_stages.h"

namespace seq2seq::nn {
namespace {

struct LanguageModelWords {
  int64_t& size;
  bool& tied;
};
void declare(config::Keys& keys, LanguageModelWords& options) {
  keys.add("size", options.size, "width E of the word vectors").at_least(1).at_most(1e6);
  keys.add("tied", options.tied,
           "use the embedding as the weight of the output layer; needs an embedding as wide as the decoder's rows");
}

struct LanguageModelDropout {
  DropoutOptions& dropout;
};
void declare(config::Keys& keys, LanguageModelDropout& options) {
  declare_without_words(keys, options.dropout);
  TargetWordDropout words{options.dropout.words};
  keys.section("words", words, "dropout of whole word vectors");
}

/// Every sentence starts from zeros.
class ZeroStart final : public Bridge {
 public:
  explicit ZeroStart(std::shared_ptr<const Stack> stack) : stack_(std::move(stack)) {}
  std::vector<State> first(const Memory& memory) const override { return stack_->zero_states(memory.sentences()); }

 private:
  std::shared_ptr<const Stack> stack_;
};

std::shared_ptr<Stack> stack_outline(const LanguageModelOptions& options, const StackRegistry& decoders) {
  const auto nowhere = [](int64_t) { return ParameterPlace{.device = c10::kMeta}; };
  return decoders.make(options.decoder, {.input = options.embedding, .place = nowhere});
}

void check_tied(const LanguageModelOptions& options, int64_t width) {
  if (!options.tied_embeddings || options.embedding == width) return;
  throw UsageError(fmt::format("tied embeddings need rows of the decoder ({} units) as wide as the embedding ({})",
                               width, options.embedding),
                   "Use the same number for `model.embedding.size` and `model.decoder.cells`, or "
                   "`model.embedding.tied: false`");
}

std::string wrong_decoder(const LanguageModelOptions& options) {
  return refusal([&] { stack_outline(options, options.kinds->decoders); });
}

/// Returns the message that `check` throws for the decoder's width, or an empty string. Empty if the decoder cannot be
/// made, because that is reported at its own key.
std::string refusal_beside(const LanguageModelOptions& options, const std::function<void(int64_t width)>& check) {
  if (!wrong_decoder(options).empty()) return {};
  return refusal([&] { check(stack_outline(options, options.kinds->decoders)->width()); });
}

}  // namespace

void declare(config::Keys& keys, LanguageModelOptions& options) {
  if (options.kinds == nullptr) options.kinds = std::make_shared<PartChoice>(*options.parts);
  LanguageModelWords embedding{options.embedding, options.tied_embeddings};
  keys.section("embedding", embedding, "the word vectors");
  keys.select("decoder", options.decoder, options.kinds->decoders, "decoder, which reads the preceding words");
  keys.select("output", options.output, options.kinds->outputs, "output layer, which predicts the words");
  LanguageModelDropout dropout{options.dropout};
  keys.section("dropout", dropout, "dropout on non-recurrent connections");
  keys.rule("decoder", [&options] { return wrong_decoder(options); });
  keys.rule("embedding.tied",
            [&options] { return refusal_beside(options, [&](int64_t width) { check_tied(options, width); }); });
  keys.rule("output", [&options] {
    return refusal_beside(options, [&](int64_t width) {
      const bool tied = options.tied_embeddings && options.embedding == width;
      check_output(options.kinds->outputs, options.output, {.width = width, .tied = tied});
    });
  });
}

LanguageModel::LanguageModel(const Options& options, const ModelContext& context) : placement_(context.placement) {
  const PartChoice parts = options.kinds != nullptr ? *options.kinds : PartChoice(*options.parts);
  const auto stack = parts.decoders.make(
      options.decoder, {.input = options.embedding, .place = [&](int64_t layer) {
                          return ParameterPlace{.device = placement_.of_layer("decoder", layer), .type = context.type};
                        }});
  check_placed(placement_, "encoder", 0);
  check_placed(placement_, "decoder", stack->layers());
  check_tied(options, stack->width());
  const auto words =
      std::make_shared<Embedding>(context.target_vocabulary, options.embedding,
                                  ParameterPlace{.device = placement_.of("embeddings"), .type = context.type});
  const auto nothing =
      parts.attentions.make({.kind = "none", .options = nullptr}, {.bottom = stack->layer(0).width(),
                                                                   .top = stack->width(),
                                                                   .embedding = options.embedding,
                                                                   .layers = stack->layers(),
                                                                   .place = stack->layer(stack->layers() - 1).place()});
  const auto& dropout = options.dropout;
  decoder_ = register_module(
      "decoder", std::make_shared<Decoder>(DecoderParts{.embedding = words,
                                                        .bridge = std::make_shared<ZeroStart>(stack),
                                                        .stack = stack,
                                                        .stack_name = options.decoder.kind,
                                                        .attention = nothing,
                                                        .dropout = {dropout.embedding, dropout.layers, dropout.output,
                                                                    dropout.variational, dropout.words.of_target()}}));
  output_ = register_module(
      "output",
      parts.outputs.make(options.output, {.width = stack->width(),
                                          .vocabulary = context.target_vocabulary,
                                          .tied_weight = options.tied_embeddings ? words->weight() : at::Tensor(),
                                          .placement = placement_,
                                          .type = context.type,
                                          .target_counts = context.target_counts}));
}

Memory memory_without_states(const Packed& ids) {
  const auto options = ids.rows.options().dtype(at::kFloat);
  return {.ids = ids, .states = ids.with(at::empty({ids.rows.size(0), 0}, options)), .last = {}};
}

Memory LanguageModel::encode(const Packed& ids, const Draw* /*draw*/) const { return memory_without_states(ids); }

std::unique_ptr<DecoderState> LanguageModel::start(const Memory& memory, const Ids& owner) const {
  return decoder_->start(memory, owner);
}

Features LanguageModel::advance(const Packed& inputs, DecoderState& state, const Draw* draw) const {
  return decoder_->advance(inputs, state, draw);
}

std::vector<Stage> LanguageModel::stages() const { return Seq2SeqStages(*decoder_, *output_, placement_).stages(); }

StagedBatch LanguageModel::begin(const StagedInputs& batch) const {
  return Seq2SeqStages(*decoder_, *output_, placement_).begin(batch);
}

std::vector<std::pair<std::string, int64_t>> LanguageModel::part_sizes() const { return nn::part_sizes(*this); }

}  // namespace seq2seq::nn
