#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn {

/// Pairs of queries with sources that consist of several sentences, part by part. A query sees all keys of its source;
/// those of the first part come before those of the second.
class PartPairs {
 public:
  /// `lengths`: of each group of `all`, the keys of its source's parts [K].
  PartPairs(const AttentionPairs& all, std::vector<std::vector<int64_t>> lengths);

  size_t count() const { return parts_.size(); }
  /// The pairs with keys of this part, of the queries that have such keys.
  const AttentionPairs& pairs(size_t part) const { return parts_[part].pairs; }
  /// Rows [Q, ..] of all queries -> those of the queries that have keys of this part.
  at::Tensor asking(size_t part, const at::Tensor& rows) const;
  /// The inverse: zeros where a query has no key of this part.
  at::Tensor for_all(size_t part, const at::Tensor& rows) const;
  /// Values [P] of all pairs -> those of a part's pairs.
  at::Tensor of_part(size_t part, const at::Tensor& of_pairs) const;
  /// Values of the parts' pairs -> [P] of all pairs.
  at::Tensor joined(const std::vector<at::Tensor>& of_parts) const;

 private:
  struct Part {
    AttentionPairs pairs;
    at::Tensor queries;  // [Q'] those that have keys of this part, counted from 1; undefined: all have
    at::Tensor slot;     // [Q] of each query its number among those, counted from 1; 0: it has none
  };
  /// Positions of pairs, int64 on the device. Made at the first call.
  struct Index {
    std::vector<at::Tensor> pair;  // of each part, [P'] where its pairs are among all
    at::Tensor order, inverse;     // [P] of all pairs, where they are among those of the parts, one after another
  };
  Part make(const AttentionPairs& all, size_t number) const;
  const Index& index() const;

  std::vector<AttentionGroup> groups_;  // of all
  std::vector<std::vector<int64_t>> lengths_;
  c10::Device device_;
  std::vector<Part> parts_;
  mutable Index index_;
};

}  // namespace seq2seq::nn
