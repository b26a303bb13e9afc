#pragma once

#include <vector>

#include "seq2seq/nn/placement.h"

namespace seq2seq::test {

/// Returns shards of these numbers of words, each on its device.
inline std::vector<nn::OutputShard> shards_of(const std::vector<c10::Device>& devices,
                                              const std::vector<int64_t>& sizes) {
  std::vector<nn::OutputShard> shards;
  int64_t first = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    shards.push_back({.device = devices.at(i), .first = first, .last = first + sizes[i]});
    first += sizes[i];
  }
  return shards;
}

}  // namespace seq2seq::test
