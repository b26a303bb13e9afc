#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <c10/core/Device.h>

namespace seq2seq::nn {

/// Place of a part. A place is on one device and has its own stream or worker thread, on which it runs its parts one
/// after another. Several places may share a device.
struct PartPlace {
  c10::Device device{c10::kCPU};
  int place = 0;
};

/// A share of the output layer: the words [first, last) on one device.
struct OutputShard {
  c10::Device device{c10::kCPU};
  int64_t first = 0, last = 0;
  int place = 0;
};

/// Splits V words over these devices, in order, into shards whose sizes differ by at most one, the larger ones first.
/// Throws UsageError naming `placement.output` if there are more devices than words.
std::vector<OutputShard> split_words(const std::vector<c10::Device>& devices, int64_t vocabulary);
/// Returns the same shards if they cover V words in order and each has a word. Shards without words (first = last = 0
/// in all) are split evenly. Throws UsageError naming `placement.output`.
std::vector<OutputShard> with_words(const std::vector<OutputShard>& shards, int64_t vocabulary);

/// A place for each part of a model: data, not code. Several parts may name the same place.
///
/// Parts are named `embeddings`, `encoder.0` ... (one per layer), `bridge`, `attention`, `decoder.0` ... Parts without
/// a name here are on `device`, which is place 0.
struct Placement {
  c10::Device device{c10::kCPU};
  std::map<std::string, PartPlace> parts;
  std::vector<OutputShard> output;  // empty: the whole output layer on `device`

  c10::Device of(const std::string& part) const;
  c10::Device of_layer(const std::string& stack, int64_t layer) const;
  int place_of(const std::string& part) const;
  int places() const;  // how many there are
  int place_of_shard(size_t shard) const { return output.empty() ? 0 : output.at(shard).place; }
  int place_of_layer(const std::string& stack, int64_t layer) const;
  /// Number of named layers of a stack, counted from layer 0.
  int64_t named_layers(const std::string& stack) const;
};

/// Returns the name of a layer as a part: `encoder.0`.
std::string layer_part(const std::string& stack, int64_t layer);

/// Throws UsageError unless the placement names either no layer of a stack or all of them.
void check_placed(const Placement& placement, const std::string& stack, int64_t layers);

}  // namespace seq2seq::nn
