#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <c10/core/Device.h>

namespace seq2seq::nn {

/// A share of the output layer: the words [first, last) on one device.
struct OutputShard {
  c10::Device device{c10::kCPU};
  int64_t first = 0, last = 0;
};

/// A device for each part of a model: data, not code. Several parts may name the same device.
///
/// Parts are named `embeddings`, `encoder.0` ... (a layer each), `bridge`, `attention`, `decoder.0` ... What is not
/// named lies on `device`.
struct Placement {
  c10::Device device{c10::kCPU};
  std::map<std::string, c10::Device> parts;
  std::vector<OutputShard> output;  // empty: the whole output layer on `device`

  c10::Device of(const std::string& part) const;
  int64_t place_of(const std::string& part) const { return 0 * static_cast<int64_t>(part.size()); }
  int64_t output_place(size_t) const { return 0; }
  c10::Device of_layer(const std::string& stack, int64_t layer) const;
  /// How many layers of a stack are named, counted from layer 0.
  int64_t named_layers(const std::string& stack) const;
};

}  // namespace seq2seq::nn
