#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/transformer/attention.h"

namespace seq2seq::nn {

/// Keys and values that the self-attention of each layer of a decoder has made for R hypotheses so far.
///
/// Each hypothesis has a slot of `capacity` rows. A selection lets those that stay keep their slots and copies only
/// those that it repeats; the capacity grows by doubling. So the cost of a step is that of its own rows. While
/// gradients are kept, all is copied instead of changed in place.
class KeyValueCache {
 public:
  KeyValueCache(int64_t layers, int64_t hypotheses)
      : layers_(static_cast<size_t>(layers)), lengths_(static_cast<size_t>(hypotheses)) {}

  void select(const std::vector<int64_t>& hypotheses);
  /// Adds the hypotheses of another behind its own.
  void append(const KeyValueCache& other);
  /// Returns a cache of these hypotheses in memory of its own.
  KeyValueCache selected(const std::vector<int64_t>& hypotheses) const;

  /// Begins a chunk that has so many more rows of each hypothesis [R].
  void begin(const std::vector<int64_t>& rows);
  /// A layer's rows of the chunk, hypothesis by hypothesis -> all of its rows so far, where pairs() looks for them.
  KeysValues add(int64_t layer, const KeysValues& rows);
  /// The rows of the chunk look at those of their hypothesis: by MultiHead::causal at those up to themselves.
  AttentionPairs pairs(c10::Device device) const;
  /// Ends the chunk, when all layers have added their rows.
  void end();

 private:
  struct Part {
    const KeyValueCache* cache;
    std::vector<int64_t> hypotheses;
  };
  /// Gives each of these hypotheses its own slot in new memory.
  void lay_out(const std::vector<Part>& parts, int64_t rows);
  void reuse_slots(const std::vector<int64_t>& hypotheses);
  std::vector<int64_t> first_rows() const;  // [R] where each hypothesis begins
  bool empty() const {                      // layers that an update leaves out add nothing
    return std::ranges::none_of(layers_, [](const KeysValues& layer) { return layer.keys.defined(); });
  }
  int64_t slots() const { return layers_.front().keys.size(0) / capacity_; }

  std::vector<KeysValues> layers_;  // [slots * capacity, W]; undefined while empty
  std::vector<int64_t> lengths_;    // [R] rows of each hypothesis
  std::vector<int64_t> slot_;       // [R]
  std::vector<int64_t> added_;      // [R] rows of each in the chunk that has begun
  std::vector<int64_t> to_;         // where they go
  bool first_ = false;              // whether that chunk is the first
  int64_t capacity_ = 0;            // rows a slot; 0: only the first chunk is there, one hypothesis behind another
};

/// 0, 1, 2, ...: all of so many.
std::vector<int64_t> all_of(int64_t count);
/// The values at these places.
std::vector<int64_t> picked(const std::vector<int64_t>& values, const std::vector<int64_t>& places);
/// Consecutive rows: `counts[i]` of them from `first[i]` on, for each i.
std::vector<int64_t> consecutive(const std::vector<int64_t>& first, const std::vector<int64_t>& counts);
/// The sums of all values before each.
std::vector<int64_t> sums_before(const std::vector<int64_t>& values);

}  // namespace seq2seq::nn
