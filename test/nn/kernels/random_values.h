#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace seq2seq::test {

/// Returns `count` numbers, uniform in [-scale, scale].
inline std::vector<float> random_values(int64_t count, unsigned seed, float scale = 1.0F) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  std::vector<float> values(static_cast<size_t>(count));
  for (auto& value : values) value = uniform(generator);
  return values;
}

}  // namespace seq2seq::test
