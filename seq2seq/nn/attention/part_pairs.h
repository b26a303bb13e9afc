#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn {

/// Pairs of queries with sources that consist of several sentences, part by part. A query sees all keys of its source:
/// first those of the first part, then those of the second, and so on.
class PartPairs {
 public:
  /// `lengths`: for each group of `all`, the number of keys of each part of its source [K].
  PartPairs(const AttentionPairs& all, std::vector<std::vector<int64_t>> lengths);

  size_t count() const { return parts_.size(); }
  /// Returns the pairs with keys of this part, for the queries that have such keys.
  const AttentionPairs& pairs(size_t part) const { return parts_[part].pairs; }
  /// Rows [Q, ..] of all queries -> rows of the queries that have keys of this part.
  at::Tensor queries_of(size_t part, const at::Tensor& rows) const;
  /// The inverse of queries_of(): zeros if a query has no key of this part.
  at::Tensor for_all(size_t part, const at::Tensor& rows) const;
  /// Values [P] of all pairs -> values of the part's pairs.
  at::Tensor of_part(size_t part, const at::Tensor& of_pairs) const;
  /// Values of the parts' pairs -> [P] of all pairs.
  at::Tensor joined(const std::vector<at::Tensor>& of_parts) const;

 private:
  struct Part {
    AttentionPairs pairs;
    at::Tensor queries;  // [Q'] queries that have keys of this part, counted from 1; undefined: all have
    at::Tensor slot;     // [Q] each query's number among `queries`, counted from 1; 0: not among them
  };
  /// Positions of pairs, int64 on the device. Computed at the first call.
  struct Index {
    std::vector<at::Tensor> pair;  // for each part, [P'] the positions of its pairs among all pairs
    at::Tensor order, inverse;     // [P] for each pair, its position in the list of all parts' pairs, part after part
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
