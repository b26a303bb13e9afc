#include "seq2seq/nn/kernels/dropout/mask.h"

#include <array>
#include <cstddef>

#include "seq2seq/core/random.h"

namespace seq2seq::nn::kernels {
namespace {

constexpr int64_t units_per_draw = 8;  // 128 random bits, 16 a unit: the share is met to 1/65,536

}  // namespace

void dropout_mask(const DropoutMask& m, int64_t first, int64_t last) {
  const auto seed = static_cast<uint32_t>(m.seed);
  // The number of a named site has 32 bits, of which the counter has room for the lower half; others have none above
  // it.
  const uint32_t upper_half = m.site & 0xFFFF0000U;
  const std::array<uint32_t, 2> key{
      seed, static_cast<uint32_t>(m.seed >> 32) ^ static_cast<uint32_t>(Purpose::dropout) ^ upper_half};
  for (int64_t row = first; row < last; ++row) {
    float* out = m.mask + row * m.width;
    const auto sentence = static_cast<uint32_t>(m.key[m.owner[row]]);
    const auto position = static_cast<uint32_t>(m.position[row]);
    for (int64_t unit = 0; unit < m.width; unit += units_per_draw) {
      const uint32_t place = m.site << 16 | static_cast<uint32_t>(unit / units_per_draw);
      const auto words = philox({place, position, sentence, m.update}, key);
      for (int64_t i = 0; i < units_per_draw && unit + i < m.width; ++i) {
        const uint32_t bits = words[static_cast<size_t>(i / 2)] >> (16 * (i % 2)) & 0xFFFF;
        out[unit + i] = bits < m.threshold ? 0.0F : m.scale;
      }
    }
  }
}

}  // namespace seq2seq::nn::kernels
