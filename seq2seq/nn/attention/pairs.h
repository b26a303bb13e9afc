#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Consecutive queries that look at the same consecutive keys: those of one sentence.
struct AttentionGroup {
  int64_t first_query = 0, queries = 0;
  int64_t first_key = 0, keys = 0;
  int64_t first_pair = 0;  // filled in by AttentionPairs: its pairs are [queries, keys], a query's after another's

  int64_t pairs() const { return queries * keys; }
};

/// Which keys each query looks at, group by group. No sentence sees another's rows, and no row is a pad. `Q`, `K` and
/// `P` count queries, keys and pairs of both.
class AttentionPairs {
 public:
  /// Groups in the order of their queries, which they cover without gaps. Several may look at the same keys.
  AttentionPairs(std::vector<AttentionGroup> groups, c10::Device device);

  const std::vector<AttentionGroup>& groups() const { return groups_; }
  c10::Device device() const { return device_; }
  int64_t queries() const { return queries_; }  // Q
  int64_t pairs() const { return pairs_; }      // P
  int64_t longest() const { return longest_; }  // S: the most keys of a query

  /// Of each pair [P], int64 on the device: its query, its key, and the place of the key among those of its query. Made
  /// at the first call.
  const at::Tensor& query() const { return index().query; }
  const at::Tensor& key() const { return index().key; }
  const at::Tensor& place() const { return index().place; }
  /// [Q] how many keys each query has.
  const at::Tensor& keys_of_query() const { return index().count; }

  /// Values of pairs [P] -> [Q, width], zeros where a query has fewer keys. `width` is at least S.
  at::Tensor padded(const at::Tensor& of_pairs, int64_t width) const;
  /// The inverse.
  at::Tensor of_pairs(const at::Tensor& padded) const;

 private:
  struct Index {
    at::Tensor query, key, place, count;
  };
  const Index& index() const;

  std::vector<AttentionGroup> groups_;
  c10::Device device_;
  int64_t queries_ = 0, pairs_ = 0, longest_ = 0;
  mutable Index index_;
};

/// A group a sentence: `queries` and `keys` [B] count the rows of each, which lie sentence by sentence.
AttentionPairs pairs_of_sentences(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys,
                                  c10::Device device);

/// Query i looks at the keys of the sentence `owner[i]`; `keys` [B] counts those of each sentence.
AttentionPairs pairs_of_owners(std::span<const int64_t> owner, const std::vector<int64_t>& keys, c10::Device device);

}  // namespace seq2seq::nn
