#pragma once

#include <cstdint>
#include <string_view>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Source of dropout's random numbers in this update; a null pointer means no dropout.
struct Draw {
  uint64_t seed = 0;
  int64_t update = 0;
};

/// Position in the model where a mask is applied; each site has its own mask. Layers are numbered from 0.
struct Site {
  enum class Part : uint32_t { source_embedding, target_embedding, encoder_layer, decoder_layer, output, named } part;
  uint32_t layer = 0;
  /// One mask for all positions of a sentence (Gal and Ghahramani 2016, arXiv 1512.05287); otherwise one for each
  /// position.
  bool by_sentence = false;
  /// Returns a further site in the same layer, for masks drawn along time; `use` from 1 to 15.
  Site within(uint32_t use) const { return {.part = part, .layer = layer | use << 6, .by_sentence = by_sentence}; }
  /// Returns a site for a module without a Part of its own, numbered by a hash of the module's name, such as
  /// `decoder.attention`.
  static Site of_module(std::string_view name);
  uint32_t number() const;
};

/// Inverted dropout (Srivastava et al. 2014) on rows [N, width]: each unit is kept with probability 1 - `share` and
/// scaled by its inverse. The mask is a function of (seed, update, site, the pair's key, position, unit), so it does
/// not depend on the batch, the chunk or the device. Returns the rows unchanged if `share` is 0 or `draw` is null.
Packed dropout(const Packed& input, double share, Site site, const Draw* draw);

/// Returns the mask itself [N, width], 0 or 1/(1-share), float32 on the CPU, in pinned memory if the layout is on
/// another device.
at::Tensor dropout_mask(const Layout& layout, int64_t width, double share, Site site, const Draw& draw);
/// Returns the mask by sentence [S, width]: one row for each entry of layout.order().
at::Tensor sentence_mask(const Layout& layout, int64_t width, double share, Site site, const Draw& draw);
/// Returns one of these masks on the device and in the type of its operand. Does not wait for a device.
at::Tensor sent(const at::Tensor& mask, const at::TensorOptions& options);

/// Returns the mask of a weight [rows, columns], also 0 or 1/(1-share), one per update: a function of (seed, update,
/// site, row, column).
at::Tensor weight_mask(int64_t rows, int64_t columns, double share, Site site, const Draw& draw);
/// Returns true if a layer is left out in this update; that happens in this share of all updates. `site`: the layer's.
bool drops_layer(double share, Site site, const Draw* draw);

}  // namespace seq2seq::nn
