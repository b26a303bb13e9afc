#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Consecutive queries that look at the same consecutive keys: those of one sentence.
struct AttentionGroup {
  int64_t first_query = 0, queries = 0;
  int64_t first_key = 0, keys = 0;
  int64_t first_pair = 0;  // set by AttentionPairs; its pairs are [queries, keys], one query after another

  int64_t pairs() const { return queries * keys; }
};

/// Sets of groups that have no key in common, so that each thread can sum the derivatives of the keys of a set. Set s
/// holds the groups order[first[s]] .. order[first[s + 1] - 1].
struct KeySets {
  std::vector<int64_t> order;  // [groups] ascending within each set
  std::vector<int64_t> first;  // [sets + 1]

  int64_t size() const { return static_cast<int64_t>(first.size()) - 1; }
};

/// Positions of rows and pairs when each group is padded to the longest, int64 on the device. 0 is a pad, and i + 1 is
/// row or pair i: with a row of zeros in front, rows can be gathered and need not be scattered.
struct PaddedGroups {
  at::Tensor query;  // [G * longest_queries]
  at::Tensor key;    // [G * longest]
  at::Tensor pair;   // [G * longest_queries * longest]
  /// The inverses: the place of each row, counted from 1. A key of several groups has a place in each of them; 0: no
  /// further place.
  at::Tensor query_place;              // [Q]
  std::vector<at::Tensor> key_places;  // each [keys()]
  at::Tensor pair_place;               // [P]
  at::Tensor seen, seen_causally;      // [G, longest_queries, longest] bool, by pair: see MultiHead::causal
};

class PartPairs;  // part_pairs.h

/// The keys that each query sees, group by group. A sentence never sees the rows of another, and there is no padding.
/// `Q`, `K`, `P` and `G` count queries, keys, pairs of both, and groups. Copies share their data.
class AttentionPairs {
 public:
  /// `groups`: in the order of their queries, which they cover without gaps. Several groups may look at the same keys.
  AttentionPairs(std::vector<AttentionGroup> groups, c10::Device device);

  const std::vector<AttentionGroup>& groups() const { return data_->groups; }
  c10::Device device() const { return data_->device; }
  int64_t queries() const { return data_->queries; }                  // Q
  int64_t keys() const { return data_->keys; }                        // a lower bound of K: the last seen key + 1
  int64_t pairs() const { return data_->pairs; }                      // P
  int64_t longest() const { return data_->longest; }                  // S: largest number of keys of a query
  int64_t longest_queries() const { return data_->longest_queries; }  // largest number of queries of a group

  /// For each pair [P], int64 on the device: its query, its key, and the place of the key among the keys of its query.
  /// The first call computes all index tensors.
  const at::Tensor& query() const { return index().query; }
  const at::Tensor& key() const { return index().key; }
  const at::Tensor& place() const { return index().place; }
  /// [Q] number of keys of each query.
  const at::Tensor& keys_of_query() const { return index().count; }

  /// Values of pairs [P] -> [Q, width], zeros if a query has fewer keys. `width` is at least S.
  at::Tensor padded(const at::Tensor& of_pairs, int64_t width) const;
  /// The inverse of padded().
  at::Tensor of_pairs(const at::Tensor& padded) const;

  const PaddedGroups& padded_groups() const;
  const KeySets& key_sets() const;

  /// The same queries, each with its own keys: key p belongs to pair p alone, so that a term that differs from pair to
  /// pair can be added to it.
  const AttentionPairs& apart() const;
  /// Rows of keys [K, A] -> [P, A], the keys of apart().
  at::Tensor keys_apart(const at::Tensor& keys) const;

  /// The same pairs part by part, if sources consist of several sentences. Throws if the parts are not known.
  const PartPairs& parts() const;
  void set_parts(std::shared_ptr<const PartPairs> parts) { data_->parts = std::move(parts); }

 private:
  struct Index {
    at::Tensor query, key, place, count;
    at::Tensor slot,
        pair;  // [Q * S] of `padded`: its pair, counted from 1; [P]: the place of each pair in `padded`
  };
  struct Apart;
  struct Data {
    Data(std::vector<AttentionGroup> groups, c10::Device device) : groups(std::move(groups)), device(device) {}
    std::vector<AttentionGroup> groups;
    c10::Device device;
    int64_t queries = 0, keys = 0, pairs = 0, longest = 0, longest_queries = 0;
    // Computed at the first call.
    Index index;
    PaddedGroups padded;
    KeySets key_sets;
    std::shared_ptr<const Apart> apart;
    std::shared_ptr<const PartPairs> parts;  // null: a source is one sentence
  };
  const Index& index() const;
  const Apart& make_apart() const;

  std::shared_ptr<Data> data_;
};

/// One group per sentence: `queries` and `keys` [B] count the rows of each, which are stored sentence by sentence.
AttentionPairs pairs_of_sentences(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys,
                                  c10::Device device);

/// Query i looks at the keys of the sentence `owner[i]`; `keys` [B] counts those of each sentence.
AttentionPairs pairs_of_owners(std::span<const int64_t> owner, const std::vector<int64_t>& keys, c10::Device device);

}  // namespace seq2seq::nn
