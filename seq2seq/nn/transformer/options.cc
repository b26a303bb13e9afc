#include "seq2seq/nn/transformer/options.h"

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/encoder/encoder.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, TransformerDropout& options) {
  keys.add("residual", options.residual,
           "dropout probability of the sum of embedding and position, and of the output of each part")
      .at_least(0)
      .below(1);
  keys.add("attention", options.attention, "dropout probability of attention weights").at_least(0).below(1);
  keys.add("inner", options.inner, "dropout probability of the inner units of the feed-forward layers")
      .at_least(0)
      .below(1);
}

void declare(config::Keys& keys, TransformerLayerOptions& options) {
  declare_without_dropout(keys, options);
  keys.section("dropout", options.dropout, "dropout");
}

void declare_without_dropout(config::Keys& keys, TransformerLayerOptions& options) {
  keys.add("heads", options.heads, "attention heads, which split the width; must divide it").at_least(1).at_most(1e6);
  keys.add("feed_forward", options.feed_forward, "inner width of the feed-forward layers")
      .unit("units")
      .at_least(1)
      .at_most(1e6);
  keys.add("norm", options.norm, {{"post", NormOrder::post}, {"pre", NormOrder::pre}},
           "post: normalize after each residual sum, as in the paper; pre: normalize the input of each part, which "
           "trains more stably in deep models");
  keys.add("positions", options.positions,
           {{"sinusoidal", PositionKind::sinusoidal},
            {"learned", PositionKind::learned},
            {"rotary", PositionKind::rotary},
            {"none", PositionKind::none}},
           "encoding of positions: vectors added to the words (sinusoidal, learned), rotation of queries and keys "
           "(rotary), or none");
  keys.add("longest", options.longest, "longest sentence, in tokens, with `positions: learned`")
      .unit("tokens")
      .at_least(1)
      .at_most(1e6);
  keys.add("activation", options.activation, {{"relu", Activation::relu}, {"gelu", Activation::gelu}},
           "activation between the two products of a feed-forward layer");
  keys.add("layer_dropout", options.layer_dropout,
           "share of the updates in which each layer is left out (Fan et al. 2019)")
      .at_least(0)
      .below(1);
  keys.add("scale", options.scale, "multiply word vectors by the square root of their width");
}

void declare(config::Keys& keys, TransformerEncoderOptions& options) {
  keys.add("layers", options.layers, "number L of layers").at_least(1).at_most(64);
  declare(keys, options.layer);
}

void check_heads(const TransformerLayerOptions& options, int64_t width, const std::string& section,
                 const std::string& width_key) {
  if (width % options.heads != 0)
    throw UsageError(fmt::format("`{}.heads: {}` does not divide `{}: {}`", section, options.heads, width_key, width),
                     "Use a divisor of the width");
  const int64_t head = width / options.heads;
  if (options.positions == PositionKind::rotary && head % 2 != 0)
    throw UsageError(
        fmt::format("`{}.positions: rotary` needs heads of an even width, but `{}: {}` and `{}.heads: {}` give {}",
                    section, width_key, width, section, options.heads, head),
        "Use heads of an even width, or other positions");
}

int64_t longest_sentence(const TransformerLayerOptions& options) {
  return options.positions == PositionKind::learned ? options.longest : no_longest_sentence;
}

}  // namespace seq2seq::nn
