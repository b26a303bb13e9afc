#include "seq2seq/nn/attention/pairs.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace seq2seq::nn {

AttentionPairs::AttentionPairs(std::vector<AttentionGroup> groups, c10::Device device)
    : groups_(std::move(groups)), device_(device) {
  for (auto& group : groups_) {
    TORCH_CHECK(group.first_query == queries_, "groups of queries with gaps");
    group.first_pair = pairs_;
    queries_ += group.queries;
    pairs_ += group.pairs();
    longest_ = std::max(longest_, group.keys);
  }
}

const AttentionPairs::Index& AttentionPairs::index() const {
  if (index_.query.defined()) return index_;
  const auto made = [](int64_t size) { return at::empty({size}, at::kLong); };
  auto query = made(pairs_), key = made(pairs_), place = made(pairs_), count = made(queries_);
  auto* to_query = query.mutable_data_ptr<int64_t>();
  auto* to_key = key.mutable_data_ptr<int64_t>();
  auto* to_place = place.mutable_data_ptr<int64_t>();
  auto* to_count = count.mutable_data_ptr<int64_t>();
  for (const auto& group : groups_) {
    to_count = std::fill_n(to_count, group.queries, group.keys);
    for (int64_t i = group.first_query; i < group.first_query + group.queries; ++i) {
      to_query = std::fill_n(to_query, group.keys, i);
      std::iota(to_key, to_key + group.keys, group.first_key);
      std::iota(to_place, to_place + group.keys, 0);
      to_key += group.keys;
      to_place += group.keys;
    }
  }
  index_ = {query.to(device_), key.to(device_), place.to(device_), count.to(device_)};
  return index_;
}

at::Tensor AttentionPairs::padded(const at::Tensor& of_pairs, int64_t width) const {
  return at::zeros({queries_, width}, of_pairs.options()).index_put({query(), place()}, of_pairs);
}

at::Tensor AttentionPairs::of_pairs(const at::Tensor& padded) const { return padded.index({query(), place()}); }

AttentionPairs pairs_of_sentences(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys,
                                  c10::Device device) {
  TORCH_CHECK(queries.size() == keys.size(), "queries of ", queries.size(), " sentences, keys of ", keys.size());
  std::vector<AttentionGroup> groups;
  AttentionGroup next;
  for (size_t sentence = 0; sentence < keys.size(); ++sentence) {
    next.queries = queries[sentence];
    next.keys = keys[sentence];
    groups.push_back(next);
    next.first_query += next.queries;
    next.first_key += next.keys;
  }
  return {std::move(groups), device};
}

AttentionPairs pairs_of_owners(std::span<const int64_t> owner, const std::vector<int64_t>& keys, c10::Device device) {
  std::vector<int64_t> first_key(keys.size() + 1);
  std::partial_sum(keys.begin(), keys.end(), first_key.begin() + 1);
  std::vector<AttentionGroup> groups;
  for (size_t query = 0; query < owner.size(); ++query) {
    if (query > 0 && owner[query] == owner[query - 1]) {
      ++groups.back().queries;
      continue;
    }
    const auto sentence = static_cast<size_t>(owner[query]);
    groups.push_back({.first_query = static_cast<int64_t>(query),
                      .queries = 1,
                      .first_key = first_key.at(sentence),
                      .keys = keys.at(sentence)});
  }
  return {std::move(groups), device};
}

}  // namespace seq2seq::nn
