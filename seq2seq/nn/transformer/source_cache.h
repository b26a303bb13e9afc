#pragma once

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/transformer/attention.h"

namespace seq2seq::nn {

/// Keys and values of the sources in each layer of a decoder, computed once for all their hypotheses.
class SourceCache {
 public:
  /// `layers`: rows sentence by sentence. `lengths` [B] of the sources; `owner` [R]: the source of each hypothesis.
  SourceCache(std::vector<KeysValues> layers, std::vector<int64_t> lengths, std::vector<int64_t> owner)
      : layers_(std::move(layers)), lengths_(std::move(lengths)), owner_(std::move(owner)) {}

  /// Changes only the owners, unless most of the rows have lost theirs.
  void select(const std::vector<int64_t>& hypotheses);
  void append(const SourceCache& other);

  const KeysValues& of(int64_t layer) const { return layers_.at(static_cast<size_t>(layer)); }
  /// Returns the pairs for `rows` rows of each hypothesis [R]. `apart`: each hypothesis is a group of its own;
  /// otherwise consecutive hypotheses of the same source share a group.
  AttentionPairs pairs(const std::vector<int64_t>& rows, c10::Device device, bool apart) const;
  int64_t hypotheses() const { return std::ssize(owner_); }
  int64_t longest() const;  // S

 private:
  void drop_unused();

  std::vector<KeysValues> layers_;
  std::vector<int64_t> lengths_, owner_;
};

}  // namespace seq2seq::nn
