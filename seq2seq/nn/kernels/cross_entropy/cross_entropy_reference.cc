// The kernels as they are written, for processors without the vector instructions.

#include <algorithm>
#include <cmath>

#include "seq2seq/nn/kernels/cross_entropy/cross_entropy_isa.h"

namespace seq2seq::nn::kernels::reference {
namespace {

void exponentials(const LogitTile& tile) {
  for (int64_t row = 0; row < tile.rows; ++row) {
    const auto z = [&](int64_t word) {
      return tile.logits[word * tile.stride + row] + (tile.bias != nullptr ? tile.bias[word] : 0);
    };
    const float before = tile.reference[row];
    float largest = -INFINITY, total = 0, sum = 0;
    for (int64_t word = 0; word < tile.words; ++word) {
      largest = std::max(largest, z(word));
      total += z(word);
    }
    const float after = before + reference_slack < largest ? largest : before;
    for (int64_t word = 0; word < tile.words; ++word) {
      const float exponential = std::exp(z(word) - after);
      tile.logits[word * tile.stride + row] = exponential;
      sum += exponential;
    }
    tile.reference[row] = after;
    tile.change[row] = std::exp(before - after);
    tile.sum[row] = tile.sum[row] * tile.change[row] + sum;
    if (tile.total != nullptr) tile.total[row] += total;
  }
}

void add_sums(const WeightedSums& of) {
  for (int64_t word = 0; word < of.words; ++word) {
    for (int64_t row = 0; row < of.rows; ++row) of.sums[word] += of.factors[row] * of.values[word * of.stride + row];
  }
}

}  // namespace

CrossEntropyKernels cross_entropy_kernels() { return {.lanes = 1, .exponentials = exponentials, .add_sums = add_sums}; }

}  // namespace seq2seq::nn::kernels::reference
