#include "seq2seq/nn/attention/block.h"

#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/attention/multi_source.h"

namespace seq2seq::nn {
namespace {

constexpr const char* none = "none";

void check_order(const AttentionBlockOptions& options, const AttentionBlockContext& context) {
  if (options.order == AttentionOrder::after && options.readout.activation == ReadoutOptions::Activation::none)
    throw UsageError("attention with `order: after` needs the readout, which is off",
                     "Set `model.attention.readout.activation: tanh`, or `model.attention.order: before`");
  if (options.order == AttentionOrder::first_layer && context.layers < 2)
    throw UsageError("attention with `order: first_layer` needs a second decoder layer",
                     "Set `model.decoder.layers` to 2 or more, or `model.attention.order: after`");
}

}  // namespace

void declare(config::Keys& keys, AttentionBlockOptions& options) {
  keys.add("coverage", options.coverage,
           "let scores also depend on each state's attention weights in earlier steps (Tu et al. 2016, section 3.1; "
           "See et al. 2017, equation 11); for additive, concat and general. Runs step by step, which is slower");
  if (options.attention.kind == none) {
    keys.rule("coverage", [&options] {
      return options.coverage ? "coverage needs attention; set `model.attention.kind` to additive, concat or general"
                              : std::string();
    });
    return;
  }
  keys.add(
      "order", options.order,
      {{"after", AttentionOrder::after},
       {"before", AttentionOrder::before},
       {"first_layer", AttentionOrder::first_layer}},
      "after: queries are the top layer's rows, the readout reads the context (Luong et al. 2015); before: queries are "
      "the top layer's previous state, the bottom layer reads the context (Bahdanau et al. 2014), slower; first_layer: "
      "queries are the bottom layer's rows, the layers above read the context (Wu et al. 2016)");
  keys.add("input_feeding", options.input_feeding,
           "also give the bottom layer the row that the output layer read at the previous step (Luong et al. 2015, "
           "section 3.3); runs step by step, which is slower");
  keys.section("readout", options.readout, "input of the output layer, from context and decoder row");
  const auto kind = options.kinds->options(options.attention.kind, options.attention.options);
  options.attention.options = kind.value;
  kind.declare(keys);
}

AttentionBlock::AttentionBlock(const Options& options, const AttentionBlockContext& context)
    : order_(options.order), input_feeding_(options.input_feeding), top_(context.top), place_(context.place) {
  if (options.attention.kind == none) return;
  check_order(options, context);
  const int64_t query = order_ == AttentionOrder::first_layer ? context.bottom : context.top;
  const AttentionContext sides{
      .query = query, .memory = context.memory, .place = context.place, .coverage = options.coverage};
  const auto make = [&] { return options.kinds->make(options.attention, sides); };
  if (context.sources > 1) {
    attention_ = std::make_shared<MultiSourceAttention>(context.sources, make);
  } else {
    attention_ = make();
  }
  if (options.coverage && !attention_->needs_past())
    throw UsageError(fmt::format("attention `{}` does not support coverage", options.attention.kind),
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
  registry.add<AttentionBlock>(none, "the decoder sees the source only through its initial state");
  for (const auto& kind : attentions->names()) {
    registry.add<AttentionBlock>(
        kind, attentions->about(kind),
        {.version = attentions->version(kind),
         .defaults = {.kinds = attentions, .attention = {.kind = kind, .options = nullptr}, .readout = {}}});
  }
  return registry;
}

}  // namespace seq2seq::nn
