#pragma once

#include <bit>
#include <cstdint>

namespace seq2seq::nn::kernels {

/// The type that products round their operands to. Sums are float32.
enum class Operands { float32, bf16 };

/// Rounds to the nearest bf16 number, ties to even. Subnormal float32 numbers become zero, as in the processors'
/// instructions.
inline float rounded_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  constexpr uint32_t exponent = 0x7F800000, fraction = 0x007FFFFF, kept = 0xFFFF0000, quiet = 0x00400000;
  if ((bits & exponent) == 0) return std::bit_cast<float>(bits & 0x80000000);
  if ((bits & exponent) == exponent && (bits & fraction) != 0) return std::bit_cast<float>((bits | quiet) & kept);
  return std::bit_cast<float>((bits + 0x7FFF + ((bits >> 16) & 1)) & kept);
}

}  // namespace seq2seq::nn::kernels
