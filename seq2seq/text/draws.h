#pragma once

#include <cstdint>

#include "seq2seq/core/random.h"

namespace seq2seq::text {

/// The two sides of a pair, which draw independently.
enum class Side : uint32_t { source = 0, target = 1 };

/// The random numbers for segmenting one line of the training text in one epoch. They depend only on (seed, side,
/// epoch, number of the pair), so the segmentation of a line is the same in any batch, on any thread and after a
/// resume.
class Draws {
 public:
  /// Throws std::invalid_argument beyond 2^24 epochs or 2^40 pairs.
  Draws(uint64_t seed, Side side, uint64_t epoch, uint64_t pair);

  double next();  // in [0, 1), 53 bits

 private:
  RandomStream stream_;
  uint64_t line_;
  uint32_t index_;
};

}  // namespace seq2seq::text
