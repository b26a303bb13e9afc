#include "seq2seq/nn/output/cpu/word_panels.h"

#include <limits>

#include <ATen/ops/empty.h>

namespace seq2seq::nn::cpu {
namespace {

/// Numbers of a tile's part of the weight: 256 KiB of a second-level cache.
constexpr int64_t tile_floats = int64_t{1} << 16;
/// Fewer words than these tiles have are divided, so that each thread gets some.
constexpr int64_t enough_tiles = 16;

int64_t panels_a_tile(int64_t panels, int64_t panel_floats) {
  const int64_t fitting = std::max<int64_t>(1, tile_floats / std::max<int64_t>(1, panel_floats));
  return std::clamp<int64_t>(panels / enough_tiles, 1, fitting);
}

}  // namespace

WordPanels::WordPanels(const float* weight, const float* bias, int64_t words, int64_t width, Isa isa)
    : words_(words),
      width_(width),
      isa_(isa),
      product_(kernels::product_kernels(isa)),
      tile_panels_(panels_a_tile(product_.panels(words), product_.columns * width)),
      panels_(at::empty({product_.panels(words) * product_.columns * width}, at::kFloat)),
      bias_(at::empty({product_.panels(words) * product_.columns}, at::kFloat)) {
  auto* const offsets = bias_.data_ptr<float>();
  std::fill_n(offsets, bias_.numel(), -std::numeric_limits<float>::infinity());
  if (bias != nullptr) {
    std::copy_n(bias, words, offsets);
  } else {
    std::fill_n(offsets, words, 0.0F);
  }
  auto* const panels = panels_.data_ptr<float>();
  run_on_threads(product_.panels(words), [&](Member member) {
    const auto own = member.part(words, product_.columns);
    for (int64_t word = own.first; word < own.last; word += product_.columns) {
      product_.pack_transposed(weight + word * width, width, width, std::min(product_.columns, own.last - word),
                               panels + word * width);
    }
  });
}

void WordPanels::logits(const float* rows, int64_t count, int64_t tile, float* out, int64_t stride) const {
  const auto words = padded_words_of(tile);
  for (int64_t word = words.first; word < words.last; word += product_.columns) {
    product_.multiply({.left = rows,
                       .row_stride = width_,
                       .depth_stride = 1,
                       .panel = panels_.const_data_ptr<float>() + word * width_,
                       .start = bias_.const_data_ptr<float>() + word,
                       .start_stride = 0,
                       .out = out + (word - words.first),
                       .out_stride = stride,
                       .rows = count,
                       .depth = width_,
                       .columns = product_.columns,
                       .start_last = true});
  }
}

}  // namespace seq2seq::nn::cpu
