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
  int64_t first_pair = 0;  // filled in by AttentionPairs: its pairs are [queries, keys], a query's after another's

  int64_t pairs() const { return queries * keys; }
};

/// Groups in sets that have no key in common, so that threads can sum derivatives of keys, a set each. Set s holds the
/// groups order[first[s]] .. order[first[s + 1] - 1].
struct KeySets {
  std::vector<int64_t> order;  // [groups] ascending within a set
  std::vector<int64_t> first;  // [sets + 1]

  int64_t size() const { return static_cast<int64_t>(first.size()) - 1; }
};

/// Positions of rows and pairs when each group is padded to the longest, int64 on the device. 0 stands for a pad and i
/// + 1 for row or pair i, so that rows behind one row of zeros are gathered, never scattered.
struct PaddedGroups {
  at::Tensor query;  // [G * longest_queries]
  at::Tensor key;    // [G * longest]
  at::Tensor pair;   // [G * longest_queries * longest]
  /// The inverses: the place of each row, counted from 1. A key has one place in each of several groups, then 0.
  at::Tensor query_place;              // [Q]
  std::vector<at::Tensor> key_places;  // each [keys()]
  at::Tensor pair_place;               // [P]
  at::Tensor seen, seen_causally;      // [G, longest_queries, longest] bool, of each pair: see MultiHead::causal
};

class PartPairs;  // part_pairs.h

/// Keys that each query sees, group by group. A sentence never sees the rows of another, and there is no padding. `Q`,
/// `K`, `P` and `G` count queries, keys, pairs of both, and groups. A copy shares everything.
class AttentionPairs {
 public:
  /// Groups in the order of their queries, which they cover without gaps. Several may look at the same keys.
  AttentionPairs(std::vector<AttentionGroup> groups, c10::Device device);

  const std::vector<AttentionGroup>& groups() const { return data_->groups; }
  c10::Device device() const { return data_->device; }
  int64_t queries() const { return data_->queries; }                  // Q
  int64_t keys() const { return data_->keys; }                        // K at least: the last key that is seen, and 1
  int64_t pairs() const { return data_->pairs; }                      // P
  int64_t longest() const { return data_->longest; }                  // S: the most keys of a query
  int64_t longest_queries() const { return data_->longest_queries; }  // the most queries of a group

  /// Of each pair [P], int64 on the device: its query, its key, and the place of the key among those of its query. All
  /// index tensors are made at the first call.
  const at::Tensor& query() const { return index().query; }
  const at::Tensor& key() const { return index().key; }
  const at::Tensor& place() const { return index().place; }
  /// [Q] how many keys each query has.
  const at::Tensor& keys_of_query() const { return index().count; }

  /// Values of pairs [P] -> [Q, width], zeros where a query has fewer keys. `width` is at least S.
  at::Tensor padded(const at::Tensor& of_pairs, int64_t width) const;
  /// The inverse.
  at::Tensor of_pairs(const at::Tensor& padded) const;

  const PaddedGroups& padded_groups() const;
  const KeySets& key_sets() const;

  /// The same queries, each with keys of its own: key p is that of pair p, so that what differs from pair to pair may
  /// be added to it.
  const AttentionPairs& apart() const;
  /// Rows of keys [K, A] -> [P, A], those of apart().
  at::Tensor keys_apart(const at::Tensor& keys) const;

  /// The same part by part, where sources consist of several sentences. Throws if they are not known to.
  const PartPairs& parts() const;
  void set_parts(std::shared_ptr<const PartPairs> parts) { data_->parts = std::move(parts); }

 private:
  struct Index {
    at::Tensor query, key, place, count;
    at::Tensor slot,
        pair;  // [Q * S] of `padded`: its pair, counted from 1; [P] of each pair: where it is in `padded`
  };
  struct Apart;
  struct Data {
    Data(std::vector<AttentionGroup> groups, c10::Device device) : groups(std::move(groups)), device(device) {}
    std::vector<AttentionGroup> groups;
    c10::Device device;
    int64_t queries = 0, keys = 0, pairs = 0, longest = 0, longest_queries = 0;
    // Made at the first call.
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

/// A group a sentence: `queries` and `keys` [B] count the rows of each, which are stored sentence by sentence.
AttentionPairs pairs_of_sentences(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys,
                                  c10::Device device);

/// Query i looks at the keys of the sentence `owner[i]`; `keys` [B] counts those of each sentence.
AttentionPairs pairs_of_owners(std::span<const int64_t> owner, const std::vector<int64_t>& keys, c10::Device device);

}  // namespace seq2seq::nn
