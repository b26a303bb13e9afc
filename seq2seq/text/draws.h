#pragma once

#include <cstdint>

#include "seq2seq/core/random.h"

namespace seq2seq::text {

/// The two sides of a pair, which draw apart.
enum class Side : uint32_t { source = 0, target = 1 };

/// The random numbers with which one line of the training text is cut in one epoch, one after another: they depend on
/// (seed, side, epoch, the pair's number) alone, so a line is cut alike in any batch, on any thread and after a resume.
class Draws {
 public:
  /// Throws std::invalid_argument beyond 2^24 epochs or 2^40 pairs.
  Draws(uint64_t seed, Side side, uint64_t epoch, uint64_t pair);

  double next();  // [0, 1), 53 bits

 private:
  RandomStream stream_;
  uint64_t line_;
  uint32_t index_;
};

}  // namespace seq2seq::text
