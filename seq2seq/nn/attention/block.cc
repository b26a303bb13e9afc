#include "seq2seq/nn/attention/block.h"

#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {
namespace {

constexpr const char* none = "none";

void check_order(const AttentionBlockOptions& options, const AttentionBlockContext& context) {
  if (options.order == AttentionOrder::after && options.readout.activation == ReadoutOptions::Activation::none)
    throw UsageError("attention after the cell reaches the output layer through the readout, and the readout is off",
                     "Set `model.attention.readout.activation: tanh`, or `model.attention.order: before`");
  if (options.order == AttentionOrder::first_layer && context.layers < 2)
    throw UsageError("attention after the first layer is read by the layers above it, and the decoder has one layer",
                     "Set `model.decoder.layers` to 2 or more, or `model.attention.order: after`");
}

}  // namespace

void declare(config::Keys& keys, AttentionBlockOptions& options) {
  keys.add(
      "coverage", options.coverage,
      "whether scores also read how much each state was looked at in earlier steps (Tu et al. 2016, section 3.1; See "
      "et al. 2017, equation 11); steps then run one by one. Kinds additive, concat and general");
  if (options.attention.kind == none) {
    keys.rule("coverage", [&options] {
      return options.coverage ? "coverage sums the weights of an attention, and there is none: set "
                                "`model.attention.kind` to additive, concat or general"
                              : std::string();
    });
    return;
  }
  keys.add(
      "order", options.order,
      {{"after", AttentionOrder::after},
       {"before", AttentionOrder::before},
       {"first_layer", AttentionOrder::first_layer}},
      "after: the top layer's rows ask, the readout reads the context (Luong et al. 2015); before: the top layer's "
      "state of the step before asks, the decoder reads the context (Bahdanau et al. 2014); first_layer: the "
      "bottom layer's rows ask, the layers above read the context (Wu et al. 2016)");
  keys.add("input_feeding", options.input_feeding,
           "whether the decoder reads, beside each word, what the output layer read at the step before (Luong et al. "
           "2015, section 3.3); steps then run one by one");
  keys.section("readout", options.readout, "from context and decoder row to what the output layer reads");
  const auto kind = options.kinds->options(options.attention.kind, options.attention.options);
  options.attention.options = kind.value;
  kind.declare(keys);
}

AttentionBlock::AttentionBlock(const Options& options, const AttentionBlockContext& context)
    : order_(options.order), input_feeding_(options.input_feeding), top_(context.top), place_(context.place) {
  if (options.attention.kind == none) return;
  check_order(options, context);
  const int64_t query = order_ == AttentionOrder::first_layer ? context.bottom : context.top;
  attention_ = options.kinds->make(
      options.attention,
      {.query = query, .memory = context.memory, .place = context.place, .coverage = options.coverage});
  if (options.coverage && !attention_->needs_past())
    throw UsageError(fmt::format("attention `{}` has no score that coverage could be added to", options.attention.kind),
                     "Set `model.attention.kind` to additive, concat or general, or `model.attention.coverage: false`");
  if (options.readout.activation == ReadoutOptions::Activation::none) return;
  readout_ = std::make_shared<Readout>(
      options.readout,
      ReadoutContext{
          .context = attention_->width(), .rows = context.top, .embedding = context.embedding, .place = context.place});
}

bool AttentionBlock::stepwise() const {
  return attends() && (input_feeding_ || order_ == AttentionOrder::before || attention_->needs_past());
}

int64_t AttentionBlock::beside_words() const {
  if (!attends()) return 0;
  return (order_ == AttentionOrder::before ? attention_->width() : 0) + fed();
}

int64_t AttentionBlock::beside_layers() const {
  return attends() && order_ == AttentionOrder::first_layer ? attention_->width() : 0;
}

AttentionBlockRegistry blocks_of(const std::shared_ptr<const AttentionRegistry>& attentions) {
  AttentionBlockRegistry registry;
  registry.add<AttentionBlock>(none, "the decoder sees the source through its first state alone");
  for (const auto& kind : attentions->names()) {
    registry.add<AttentionBlock>(
        kind, attentions->about(kind),
        {.version = attentions->version(kind),
         .defaults = {.kinds = attentions, .attention = {.kind = kind, .options = nullptr}, .readout = {}}});
  }
  return registry;
}

}  // namespace seq2seq::nn
