#include "seq2seq/nn/transformer/options.h"

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, TransformerDropout& options) {
  keys.add("residual", options.residual,
           "share dropped of the sum of word vector and position, and of what a part adds")
      .at_least(0)
      .below(1);
  keys.add("attention", options.attention, "share of the attention weights dropped").at_least(0).below(1);
  keys.add("inner", options.inner, "share of the feed-forward parts' inner units dropped").at_least(0).below(1);
}

void declare(config::Keys& keys, TransformerLayerOptions& options) {
  declare_without_dropout(keys, options);
  keys.section("dropout", options.dropout, "dropped in training");
}

void declare_without_dropout(config::Keys& keys, TransformerLayerOptions& options) {
  keys.add("heads", options.heads, "heads of each attention; they share the width").at_least(1);
  keys.add("feed_forward", options.feed_forward, "inner width of the feed-forward parts").unit("units").at_least(1);
  keys.add("norm", options.norm, {{"post", NormOrder::post}, {"pre", NormOrder::pre}},
           "whether a layer normalises the sum that a part makes, or what the part reads");
  keys.add(
      "positions", options.positions,
      {{"sinusoidal", PositionKind::sinusoidal},
       {"learned", PositionKind::learned},
       {"rotary", PositionKind::rotary},
       {"none", PositionKind::none}},
      "how positions are encoded: by vectors added to the words (sinusoidal, learned), by turning queries and keys "
      "(rotary), or not at all");
  keys.add("longest", options.longest, "the longest sentence for which there are learned positions")
      .unit("tokens")
      .at_least(1);
  keys.add("activation", options.activation, {{"relu", Activation::relu}, {"gelu", Activation::gelu}},
           "between the two products of a feed-forward part");
  keys.add("layer_dropout", options.layer_dropout, "share of the updates in which each layer is left out")
      .at_least(0)
      .below(1);
  keys.add("scale", options.scale, "whether word vectors are multiplied by the square root of their width");
}

void declare(config::Keys& keys, TransformerEncoderOptions& options) {
  keys.add("layers", options.layers, "layers L, one above the other").at_least(1).at_most(64);
  declare(keys, options.layer);
}

void check_heads(const TransformerLayerOptions& options, int64_t width, const std::string& section,
                 const std::string& width_key) {
  if (width % options.heads != 0)
    throw UsageError(fmt::format("`{}.heads: {}` does not divide `{}: {}`", section, options.heads, width_key, width),
                     "Each head has an equal part of the width: use a divisor of it");
  const int64_t head = width / options.heads;
  if (options.positions == PositionKind::rotary && head % 2 != 0)
    throw UsageError(
        fmt::format("`{}.positions: rotary` turns pairs of units, but `{}: {}` and `{}.heads: {}` make heads of {}",
                    section, width_key, width, section, options.heads, head),
        "Use heads of an even width, or other positions");
}

}  // namespace seq2seq::nn
