#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/transformer/attention.h"

namespace seq2seq::nn {

/// Keys and values that the self-attention of each layer of a decoder has computed so far for R hypotheses.
///
/// Each hypothesis has a slot of `capacity` rows. After a selection, hypotheses keep their slots, and only repeated
/// ones are copied; the capacity grows by doubling. So the cost of a step is proportional to its own rows. In gradient
/// mode, everything is copied instead of changed in place.
class KeyValueCache {
 public:
  KeyValueCache(int64_t layers, int64_t hypotheses)
      : layers_(static_cast<size_t>(layers)), lengths_(static_cast<size_t>(hypotheses)) {}

  void select(const std::vector<int64_t>& hypotheses);
  /// Adds the hypotheses of another cache after its own.
  void append(const KeyValueCache& other);
  /// Returns a cache of these hypotheses in its own memory.
  KeyValueCache selected(const std::vector<int64_t>& hypotheses) const;

  /// Begins a chunk that adds `rows` rows to each hypothesis [R].
  void begin(const std::vector<int64_t>& rows);
  /// A layer's rows of the chunk, hypothesis by hypothesis -> all its rows so far, in the places that pairs() refers
  /// to.
  KeysValues add(int64_t layer, const KeysValues& rows);
  /// Pairs the rows of the chunk with those of their hypothesis; with MultiHead::causal only with those up to
  /// themselves.
  AttentionPairs pairs(c10::Device device) const;
  /// Ends the chunk. Call it when all layers have added their rows.
  void end();

 private:
  struct Part {
    const KeyValueCache* cache;
    std::vector<int64_t> hypotheses;
  };
  /// Gives each of these hypotheses its own slot in new memory.
  void lay_out(const std::vector<Part>& parts, int64_t rows);
  void reuse_slots(const std::vector<int64_t>& hypotheses);
  std::vector<int64_t> first_rows() const;  // [R] first row of each hypothesis
  bool empty() const {                      // a layer that an update leaves out adds nothing
    return std::ranges::none_of(layers_, [](const KeysValues& layer) { return layer.keys.defined(); });
  }
  int64_t slots() const { return layers_.front().keys.size(0) / capacity_; }

  std::vector<KeysValues> layers_;  // [slots * capacity, W]; undefined while empty
  std::vector<int64_t> lengths_;    // [R] rows of each hypothesis
  std::vector<int64_t> slot_;       // [R]
  std::vector<int64_t> added_;      // [R] rows of each in the current chunk
  std::vector<int64_t> to_;         // places of these rows
  bool first_ = false;              // true if the current chunk is the first
  int64_t capacity_ = 0;            // rows per slot; 0: only the first chunk exists, one hypothesis after another
};

/// Returns 0, 1, ..., count - 1.
std::vector<int64_t> all_of(int64_t count);
/// Returns the values at these places.
std::vector<int64_t> picked(const std::vector<int64_t>& values, const std::vector<int64_t>& places);
/// Returns consecutive rows: `counts[i]` of them from `first[i]` on, for each i.
std::vector<int64_t> consecutive(const std::vector<int64_t>& first, const std::vector<int64_t>& counts);
/// Returns for each value the sum of all values before it.
std::vector<int64_t> sums_before(const std::vector<int64_t>& values);

}  // namespace seq2seq::nn
