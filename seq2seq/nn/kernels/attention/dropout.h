#pragma once

#include <cstdint>

namespace seq2seq::nn::kernels {

/// Dropout of attention weights: each is 0 or `scale`, a function of (seed, update, site, pair, head, query position,
/// key position) alone.
struct WeightMask {
  uint32_t key0, key1;  // of Philox: seed and purpose
  uint32_t update;
  uint32_t site;
  uint32_t pair;            // the pair's number in the corpus
  uint32_t head;            // below 4,096
  uint32_t first_position;  // of the first query in its sentence, below 1,048,576
  uint32_t threshold;       // of 65,536: a weight whose 16 random bits lie below it is dropped
  float scale;              // 1 / (1 - share)
};

/// Address of the mask of one group and head: query i and key j are at mask[i * query_stride + j * key_stride].
struct WeightMaskPlace {
  float* mask;
  int64_t query_stride, key_stride;
  int64_t queries, keys;
};

}  // namespace seq2seq::nn::kernels
