#pragma once

// Masks of attention weights, 16 queries at a time. Compiled once for each instruction set, whose compiler flags turn
// the loops over lanes into vectors; all give the same bits.

#include <algorithm>
#include <cstdint>

#include "seq2seq/nn/kernels/attention/dropout.h"

namespace seq2seq::nn::kernels {
namespace {

constexpr int64_t mask_lanes = 16;
constexpr int64_t keys_per_draw = 8;  // 128 random bits, 16 a weight: the share is met to 1/65,536

/// philox() of core/random.h for 16 counters at a time.
struct PhiloxLanes {
  void draw(uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9U, key1 += 0xBB67AE85U) {
      for (int64_t i = 0; i < mask_lanes; ++i) {
        const uint64_t a = uint64_t{0xD2511F53U} * word[0][i], b = uint64_t{0xCD9E8D57U} * word[2][i];
        word[0][i] = static_cast<uint32_t>(b >> 32) ^ word[1][i] ^ key0;
        word[1][i] = static_cast<uint32_t>(b);
        word[2][i] = static_cast<uint32_t>(a >> 32) ^ word[3][i] ^ key1;
        word[3][i] = static_cast<uint32_t>(a);
      }
    }
  }
  uint32_t word[4][mask_lanes];
};

void fill_mask(const WeightMask& m, const WeightMaskPlace& place) {
  for (int64_t query = 0; query < place.queries; query += mask_lanes) {
    const int64_t queries = std::min(mask_lanes, place.queries - query);
    for (int64_t key = 0; key < place.keys; key += keys_per_draw) {
      PhiloxLanes lanes;
      for (int64_t i = 0; i < mask_lanes; ++i) {
        // The place of a unit among those of its row, as in dropout of rows; the head stands above the position.
        lanes.word[0][i] = m.site << 16 | static_cast<uint32_t>(key / keys_per_draw);
        lanes.word[1][i] = m.head << 20 | (m.first_position + static_cast<uint32_t>(query + i));
        lanes.word[2][i] = m.pair;
        lanes.word[3][i] = m.update;
      }
      lanes.draw(m.key0, m.key1);
      const int64_t keys = std::min(keys_per_draw, place.keys - key);
      for (int64_t k = 0; k < keys; ++k) {
        float mask[mask_lanes];
        for (int64_t i = 0; i < mask_lanes; ++i)
          mask[i] = (lanes.word[k / 2][i] >> (16 * (k % 2)) & 0xFFFFU) < m.threshold ? 0.0F : m.scale;
        float* out = place.mask + query * place.query_stride + (key + k) * place.key_stride;
        for (int64_t i = 0; i < queries; ++i) out[i * place.query_stride] = mask[i];
      }
    }
  }
}

}  // namespace
}  // namespace seq2seq::nn::kernels
