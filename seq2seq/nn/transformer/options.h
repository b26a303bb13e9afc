#pragma once

#include <cstdint>
#include <string>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

/// Position of normalization in the layers of a Transformer: `post`: of the sum of a part's input and output (Vaswani
/// et al. 2017, arXiv 1706.03762, section 5.4). `pre`: of a part's input, with one more normalization at the end (Xiong
/// et al. 2020, arXiv 2002.04745).
enum class NormOrder { post, pre };

/// Encoding of positions in a Transformer.
enum class PositionKind {
  sinusoidal,  // added to the word vectors; arXiv 1706.03762, section 3.5
  learned,     // as sinusoidal, from a table of parameters; Gehring et al. 2017, arXiv 1705.03122, section 3.1
  rotary,      // rotates queries and keys of self-attention; Su et al. 2021, arXiv 2104.09864
  none
};

/// Activation between the two products of a feed-forward part.
enum class Activation { relu, gelu };  // gelu: Hendrycks and Gimpel 2016, arXiv 1606.08415

/// Shares dropped in training.
struct TransformerDropout {
  double residual = 0.1;  // of the sum of word vector and position, and of each part's output; arXiv 1706.03762, 5.4
  double attention = 0;   // of the attention weights
  double inner = 0;       // of the inner units of the feed-forward parts
};
void declare(config::Keys& keys, TransformerDropout& options);

/// Options of the layers of a Transformer. The defaults are those of the base model of arXiv 1706.03762, table 3.
struct TransformerLayerOptions {
  int64_t heads = 8;
  int64_t feed_forward = 2048;
  NormOrder norm = NormOrder::post;
  PositionKind positions = PositionKind::sinusoidal;
  int64_t longest = 1024;  // rows of the table of learned positions
  Activation activation = Activation::relu;
  double layer_dropout = 0;  // share of the updates in which each layer is left out; Fan et al. 2019, arXiv 1909.11556
  bool scale = true;         // true if word vectors are multiplied by the square root of their width
  TransformerDropout dropout;
};
void declare(config::Keys& keys, TransformerLayerOptions& options);
/// As declare(), without the section `dropout`, for a model that adds to it.
void declare_without_dropout(config::Keys& keys, TransformerLayerOptions& options);

struct TransformerEncoderOptions {
  int64_t layers = 6;
  TransformerLayerOptions layer;
};
void declare(config::Keys& keys, TransformerEncoderOptions& options);

/// Throws UsageError unless the heads divide `width` into whole parts, which must be even if they are rotated.
/// `section` contains the key `heads`, and `width_key` names the width.
void check_heads(const TransformerLayerOptions& options, int64_t width, const std::string& section,
                 const std::string& width_key);
/// Returns the number of tokens of the longest sentence that the layers can read.
int64_t longest_sentence(const TransformerLayerOptions& options);

}  // namespace seq2seq::nn
