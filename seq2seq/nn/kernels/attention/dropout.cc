#include "seq2seq/nn/kernels/attention/dropout.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "seq2seq/core/random.h"

namespace seq2seq::nn::kernels {
namespace {

constexpr int64_t keys_a_draw = 8;  // 128 random bits, 16 a weight: the share is met to 1/65,536

}  // namespace

void fill_weight_mask(const WeightMask& m, const WeightMaskPlace& place) {
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(m.seed),
                                    static_cast<uint32_t>(m.seed >> 32) ^ static_cast<uint32_t>(Purpose::dropout)};
  for (int64_t query = 0; query < place.queries; ++query) {
    // The place of a unit among those of its row, as in dropout of rows; the head stands above the position.
    const uint32_t position = m.head << 20 | (m.first_position + static_cast<uint32_t>(query));
    for (int64_t first = 0; first < place.keys; first += keys_a_draw) {
      const auto words =
          philox({m.site << 16 | static_cast<uint32_t>(first / keys_a_draw), position, m.pair, m.update}, key);
      float* out = place.mask + query * place.query_stride + first * place.key_stride;
      const int64_t keys = std::min(keys_a_draw, place.keys - first);
      for (int64_t i = 0; i < keys; ++i) {
        const uint32_t bits = words[static_cast<size_t>(i / 2)] >> (16 * (i % 2)) & 0xFFFF;
        out[i * place.key_stride] = bits < m.threshold ? 0.0F : m.scale;
      }
    }
  }
}

}  // namespace seq2seq::nn::kernels
