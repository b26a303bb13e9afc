#include "seq2seq/nn/output/cpu/blocks.h"

#include <algorithm>

namespace seq2seq::nn::cpu {
namespace {

/// Numbers of a tile's part of the weight, and of a block's rows: 256 KiB of a second-level cache each.
constexpr int64_t cached_numbers = int64_t{1} << 16;
constexpr int64_t most_words = 240, most_rows = 256;
/// Words of a tile are a multiple of what any instruction set computes at once.
constexpr int64_t word_unit = 12;
/// Fewer words than these tiles have are divided, so that each thread gets some.
constexpr int64_t least_tiles = 4;

constexpr int64_t parts(int64_t of, int64_t most) { return (of + most - 1) / most; }

int64_t words_per_tile(int64_t words, int64_t width) {
  const int64_t fitting = std::clamp(cached_numbers / std::max<int64_t>(1, width), word_unit, most_words);
  return parts(std::min(fitting, parts(words, least_tiles)), word_unit) * word_unit;
}

/// `rows` in so many blocks of whole panels, but for the last one's.
RowChunk blocks_of(Range rows, int64_t count, int64_t panel) {
  RowChunk blocks;
  int64_t offset = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto [first, last] = Member{i, count}.part(rows.size(), panel);
    if (first == last) continue;
    const int64_t padded = parts(last - first, panel) * panel;
    blocks.push_back({.first = rows.first + first, .rows = last - first, .padded = padded, .offset = offset});
    offset += padded;
  }
  return blocks;
}

}  // namespace

Division::Division(const CrossEntropy& of, const kernels::ProductKernels& product)
    : words(of.words), tile(words_per_tile(of.words, of.width)) {
  const int64_t panel = product.columns, panels = product.panels(of.count);
  const int64_t in_block =
      std::max<int64_t>(1, std::clamp(cached_numbers * 2 / std::max<int64_t>(1, of.width), panel, most_rows) / panel);
  const int64_t in_chunk = of.differentiates_words()
                               ? std::max<int64_t>(1, most_kept_exponentials / std::max<int64_t>(1, words) / panel)
                               : panels;
  const int64_t count = parts(panels, in_chunk), threads = team_size(panels);
  for (int64_t i = 0; i < count; ++i) {
    const auto [first, last] = Member{i, count}.part(of.count, panel);
    const int64_t whole = parts(last - first, panel);
    chunks.push_back(blocks_of({first, last}, std::min(whole, parts(whole, in_block * threads) * threads), panel));
    blocks = std::max(blocks, static_cast<int64_t>(chunks.back().size()));
    for (const auto& each : chunks.back()) {
      block = std::max(block, each.padded);
      chunk = std::max(chunk, each.offset + each.padded);
    }
  }
}

Shared::Shared(const CrossEntropy& operands, Isa isa, kernels::Operands rounding)
    : of(operands),
      product(kernels::product_kernels(isa, rounding)),
      kernel(kernels::cross_entropy_kernels(isa)),
      division(operands, product),
      kept(of.differentiates_words() ? uninitialized_floats(division.chunk * of.words) : at::Tensor()),
      references(static_cast<size_t>(of.differentiates_words() ? division.chunk * division.tiles() : 0)),
      last_reference(static_cast<size_t>(division.chunk)),
      sum(static_cast<size_t>(division.chunk)) {}

}  // namespace seq2seq::nn::cpu
