#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/output/cpu/blocks.h"

namespace seq2seq::nn::cpu {

/// Losses and derivatives with respect to the rows, block by block; and the exponentials that the words' derivatives
/// need.
class Rows {
 public:
  Rows(Shared& shared, int64_t threads);
  /// Makes a member's part of the data that all blocks need; to be called before the first block.
  void prepare(Member member);
  void run(const RowBlock& block, int64_t thread);

 private:
  /// Memory of a thread.
  struct Room {
    at::Tensor rows;               // [H, block] in panels
    at::Tensor panels;             // a tile's words in panels
    at::Tensor logits;             // [tile, block], where they are not kept
    std::vector<float> change;     // [block] of the reference
    std::vector<float> total;      // [block] sum of logits
    std::vector<float> of_target;  // [block] the target's logit
  };

  void pack_rows(const RowBlock& block, Room& room) const;
  void logits(const RowBlock& block, Range words, const Room& room, float* out) const;
  void read_targets(const RowBlock& block, Range words, const float* logits, Room& room) const;
  void exponentials(const RowBlock& block, int64_t tile, float* logits, Room& room);
  void add_gradient(const RowBlock& block, int64_t tile, const float* exponentials, Room& room) const;
  void finish_losses(const RowBlock& block, const Room& room) const;
  void finish_gradient(const RowBlock& block) const;

  Shared& shared_;
  const CrossEntropy& of_;
  std::vector<float> weight_sum_;  // [H] of all words, where labels are smoothed
  std::vector<Room> rooms_;
};

}  // namespace seq2seq::nn::cpu
