#pragma once

#include <cstdint>

namespace seq2seq::nn::kernels {

/// Rows of a dropout mask: each unit is 0 or `scale`, and a function of (seed, site, update, the row's sentence, its
/// position, the unit) alone.
struct DropoutMask {
  float* mask;              // [rows, width] out
  const int64_t* owner;     // [rows] a row's sentence
  const int64_t* position;  // [rows] its step
  const int64_t* key;       // [sentences] a sentence's number
  int64_t width;
  uint64_t seed;
  uint32_t site;
  uint32_t update;
  uint32_t threshold;  // of 65,536: a unit whose 16 random bits lie below it is dropped
  float scale;         // 1 / (1 - share)
};

/// Fills rows [first, last).
void dropout_mask(const DropoutMask& mask, int64_t first, int64_t last);

}  // namespace seq2seq::nn::kernels
