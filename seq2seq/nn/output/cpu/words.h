#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/output/cpu/blocks.h"

namespace seq2seq::nn::cpu {

/// Derivatives with respect to weight and bias, tile by tile, from the exponentials of a chunk.
class Words {
 public:
  Words(Shared& shared, int64_t threads);
  /// Adds what a chunk contributes to the words of a tile; chunks must come in order.
  void run(size_t chunk, int64_t tile, int64_t thread);

 private:
  /// Memory of a thread: the rows of a chunk, block by block.
  struct Room {
    size_t chunk;
    std::vector<bool> filled;    // [blocks] whether a block's rows are there
    std::vector<float> factors;  // [padded rows] what they were multiplied with
    at::Tensor panels;           // [padded rows, H] in panels
    std::vector<float> wanted;   // [padded rows of a block] the factors of a tile
    std::vector<double> bias;    // [tile] derivatives with respect to the bias
  };

  /// Writes what needs no softmax: the targets' part, and the share that smoothing spreads evenly.
  void start(Range words) const;
  /// Calls work(row) for the rows with targets among `words`, in order of targets and rows.
  template <class Work>
  void for_targets(Range words, const Work& work) const;
  /// Fills factors and panels: the factors make the exponentials of a tile the derivatives with respect to its logits.
  void scale_rows(const RowBlock& block, size_t index, int64_t tile, Room& room);
  void add_weight(const RowBlock& block, int64_t tile, const Room& room) const;
  void add_bias(const RowBlock& block, int64_t tile, const Room& room);
  void finish_bias(Range words, Room& room) const;

  Shared& shared_;
  const CrossEntropy& of_;
  std::vector<int64_t> by_target_;  // [N] rows in order of their targets
  std::vector<float> even_;         // [H] what smoothing spreads over each word's vector
  double even_bias_ = 0;
  std::vector<float> lane_sums_;  // [V, lanes] of the bias's derivative
  std::vector<Room> rooms_;
};

}  // namespace seq2seq::nn::cpu
