#pragma once

// Partitioning of the output layer's pass on the CPU: rows into chunks, a chunk into blocks of rows, words into tiles.
//
//     for each chunk:  each block: logits of a tile -> exp(z - reference), kept -> derivative with respect to the rows
//                      each tile:  derivative with respect to the weight, from the exponentials of all blocks
//
// A tile of a block is computed, and used for the rows' derivative, while it lies in the second-level cache. Of the
// matrix [N, V], only the exponentials of one chunk exist at a time. A probability is exponential / sum, but the sum is
// complete only after the last tile. Therefore the factors 1 / sum multiply the rows, which are fewer.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/cross_entropy/cross_entropy.h"
#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/output/cpu/cross_entropy.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn::cpu {

/// Rows that one thread takes at a time.
struct RowBlock {
  int64_t first, rows;
  int64_t padded;  // to whole panels
  int64_t offset;  // padded rows of the blocks before it in its chunk
};
using RowChunk = std::vector<RowBlock>;

/// The division for some sizes. Tiles depend on the sizes of the weight alone, and no sum on where blocks begin.
struct Division {
  Division(const CrossEntropy& operands, const kernels::ProductKernels& product);

  int64_t tiles() const { return (words + tile - 1) / tile; }
  Range words_of(int64_t index) const { return {index * tile, std::min(words, (index + 1) * tile)}; }

  int64_t words, tile;  // V, and words of a tile
  std::vector<RowChunk> chunks;
  int64_t block = 0, chunk = 0;  // most padded rows of a block, and of a chunk
  int64_t blocks = 0;            // most blocks of a chunk
};

/// Memory of a thread.
inline at::Tensor uninitialized_floats(int64_t count) { return at::empty({count}, at::kFloat); }

/// Data that all threads share.
struct Shared {
  Shared(const CrossEntropy& operands, Isa isa, kernels::Operands rounding);

  /// exp(z - reference) [words of the tile, padded rows of the block], where they are kept for the words' derivatives.
  float* exponentials(const RowBlock& block, int64_t tile) const {
    return kept.data_ptr<float>() + block.offset * of.words + division.words_of(tile).first * block.padded;
  }
  /// The reference that a tile's exponentials have [padded rows of the block].
  float* reference(const RowBlock& block, int64_t tile) {
    return references.data() + block.offset * division.tiles() + tile * block.padded;
  }

  const CrossEntropy& of;
  const kernels::ProductKernels product;
  const kernels::CrossEntropyKernels kernel;
  const Division division;
  at::Tensor kept;  // [padded rows of a chunk * V]; undefined: exponentials are not kept
  std::vector<float> references;
  std::vector<float> last_reference, sum;  // [padded rows of a chunk] after the last tile
};

}  // namespace seq2seq::nn::cpu
