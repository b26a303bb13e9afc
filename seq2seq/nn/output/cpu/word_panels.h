#pragma once

#include <algorithm>
#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn::cpu {

/// The weight and bias of an output layer as a search reads them: words in panels, panels in tiles that stay in the
/// second-level cache while logits of many rows are made of them. Tiles depend on the sizes of the weight alone.
class WordPanels {
 public:
  /// weight [V, H], bias [V] (null: none), both in float32 without gaps; they are copied.
  WordPanels(const float* weight, const float* bias, int64_t words, int64_t width, Isa isa = best_isa());

  int64_t words() const { return words_; }  // V
  int64_t width() const { return width_; }  // H
  Isa isa() const { return isa_; }

  int64_t tiles() const { return (product_.panels(words_) + tile_panels_ - 1) / tile_panels_; }
  int64_t tile_words() const { return tile_panels_ * product_.columns; }
  /// Number of words with the padding of the last panel.
  int64_t padded_words() const { return product_.panels(words_) * product_.columns; }
  /// The words of a tile; the padding of the last tile has ids from V on.
  Range padded_words_of(int64_t tile) const {
    const int64_t last = std::min(product_.panels(words_), (tile + 1) * tile_panels_);
    return {tile * tile_words(), last * product_.columns};
  }
  /// Writes the logits of `count` rows [H] for the padded words of a tile to `out`, with `stride` floats from one row
  /// to the next. Ids of V and above get minus infinity. A logit depends only on its row and word, and has the bits
  /// that cross_entropy() gives it.
  void logits(const float* rows, int64_t count, int64_t tile, float* out, int64_t stride) const;

 private:
  int64_t words_, width_;
  Isa isa_;
  kernels::ProductKernels product_;
  int64_t tile_panels_;
  at::Tensor panels_;  // [panels, H, columns of a panel]
  at::Tensor bias_;    // [panels * columns], minus infinity behind V
};

}  // namespace seq2seq::nn::cpu
