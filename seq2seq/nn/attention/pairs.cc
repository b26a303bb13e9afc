#include "seq2seq/nn/attention/pairs.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "seq2seq/data/send.h"
#include "seq2seq/nn/attention/gather.h"

namespace seq2seq::nn {
namespace {

/// int64 on the CPU, filled in place.
struct Numbers {
  explicit Numbers(at::Tensor made) : tensor(std::move(made)), data(tensor.mutable_data_ptr<int64_t>()) {}
  at::Tensor tensor;
  int64_t* data;
};
Numbers zeros(int64_t size) { return Numbers(at::zeros({size}, at::kLong)); }
Numbers uninitialized(int64_t size) { return Numbers(at::empty({size}, at::kLong)); }

}  // namespace

AttentionPairs::AttentionPairs(std::vector<AttentionGroup> groups, c10::Device device)
    : data_(std::make_shared<Data>(std::move(groups), device)) {
  for (auto& group : data_->groups) {
    TORCH_CHECK(group.first_query == data_->queries, "groups must cover the queries without gaps");
    group.first_pair = data_->pairs;
    data_->queries += group.queries;
    data_->pairs += group.pairs();
    data_->longest = std::max(data_->longest, group.keys);
    data_->longest_queries = std::max(data_->longest_queries, group.queries);
    data_->keys = std::max(data_->keys, group.first_key + group.keys);
  }
}

const AttentionPairs::Index& AttentionPairs::index() const {
  auto& index = data_->index;
  if (index.query.defined()) return index;
  const auto query = uninitialized(pairs()), key = uninitialized(pairs()), place = uninitialized(pairs()),
             count = uninitialized(queries()), slot = zeros(queries() * longest()), pair = uninitialized(pairs());
  for (const auto& group : groups()) {
    std::fill_n(count.data + group.first_query, group.queries, group.keys);
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t row = group.first_query + i, first = group.first_pair + i * group.keys;
      std::fill_n(query.data + first, group.keys, row);
      std::iota(key.data + first, key.data + first + group.keys, group.first_key);
      std::iota(place.data + first, place.data + first + group.keys, 0);
      std::iota(slot.data + row * longest(), slot.data + row * longest() + group.keys, first + 1);
      std::iota(pair.data + first, pair.data + first + group.keys, row * longest() + 1);
    }
  }
  const auto there =
      data::send_together({query.tensor, key.tensor, place.tensor, count.tensor, slot.tensor, pair.tensor}, device());
  index = {there[0], there[1], there[2], there[3], there[4], there[5]};
  return index;
}

at::Tensor AttentionPairs::padded(const at::Tensor& of_pairs, int64_t width) const {
  const auto made = gather_rows(of_pairs, index().slot, {index().pair}).view({queries(), longest()});
  return width == longest() ? made : at::constant_pad_nd(made, {0, width - longest()});
}

at::Tensor AttentionPairs::of_pairs(const at::Tensor& padded) const {
  return gather_rows(padded.narrow(1, 0, longest()).reshape({-1}), index().pair, {index().slot});
}

const PaddedGroups& AttentionPairs::padded_groups() const {
  auto& padded = data_->padded;
  if (padded.query.defined()) return padded;
  const auto count = static_cast<int64_t>(groups().size());
  const int64_t most_queries = longest_queries(), most_keys = longest();
  const auto query = zeros(count * most_queries), key = zeros(count * most_keys),
             pair = zeros(count * most_queries * most_keys), query_place = uninitialized(queries()),
             pair_place = uninitialized(pairs());
  const auto seen = at::zeros({count, most_queries, most_keys}, at::kBool), causally = at::zeros_like(seen);
  auto *to_seen = seen.mutable_data_ptr<bool>(), *to_causally = causally.mutable_data_ptr<bool>();
  std::vector<Numbers> key_places;
  std::vector<int64_t> uses(static_cast<size_t>(keys()), 0);
  for (int64_t g = 0; g < count; ++g) {
    const auto& group = groups()[static_cast<size_t>(g)];
    std::iota(query.data + g * most_queries, query.data + g * most_queries + group.queries, group.first_query + 1);
    std::iota(key.data + g * most_keys, key.data + g * most_keys + group.keys, group.first_key + 1);
    for (int64_t j = 0; j < group.keys; ++j) {
      const auto use = static_cast<size_t>(uses[static_cast<size_t>(group.first_key + j)]++);
      if (use == key_places.size()) key_places.push_back(zeros(keys()));
      key_places[use].data[group.first_key + j] = g * most_keys + j + 1;
    }
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t row = g * most_queries + i, first = group.first_pair + i * group.keys;
      query_place.data[group.first_query + i] = row + 1;
      std::iota(pair.data + row * most_keys, pair.data + row * most_keys + group.keys, first + 1);
      std::iota(pair_place.data + first, pair_place.data + first + group.keys, row * most_keys + 1);
      std::fill_n(to_seen + row * most_keys, group.keys, true);
      std::fill_n(to_causally + row * most_keys, std::max<int64_t>(0, group.keys - group.queries + i + 1), true);
    }
  }
  const auto there = [this](const auto& numbers) { return data::send(numbers.tensor, device()); };
  padded = {.query = there(query),
            .key = there(key),
            .pair = there(pair),
            .query_place = there(query_place),
            .key_places = {},
            .pair_place = there(pair_place),
            .seen = data::send(seen, device()),
            .seen_causally = data::send(causally, device())};
  for (const auto& places : key_places) padded.key_places.push_back(there(places));
  return padded;
}

const KeySets& AttentionPairs::key_sets() const {
  auto& sets = data_->key_sets;
  if (!sets.first.empty()) return sets;
  const auto group = [this](int64_t number) -> const AttentionGroup& { return groups()[static_cast<size_t>(number)]; };
  sets.order.resize(groups().size());
  std::iota(sets.order.begin(), sets.order.end(), 0);
  const auto before = [&](int64_t a, int64_t b) { return group(a).first_key < group(b).first_key; };
  if (!std::is_sorted(sets.order.begin(), sets.order.end(), before))
    std::stable_sort(sets.order.begin(), sets.order.end(), before);
  int64_t end = 0;
  for (size_t i = 0; i < sets.order.size(); ++i) {
    const auto& next = group(sets.order[i]);
    if (i == 0 || next.first_key >= end) sets.first.push_back(static_cast<int64_t>(i));
    end = std::max(end, next.first_key + next.keys);
  }
  for (size_t i = 0; i < sets.first.size(); ++i) {
    const auto last = i + 1 < sets.first.size() ? sets.order.begin() + sets.first[i + 1] : sets.order.end();
    std::sort(sets.order.begin() + sets.first[i], last);
  }
  sets.first.push_back(static_cast<int64_t>(groups().size()));
  return sets;
}

const PartPairs& AttentionPairs::parts() const {
  TORCH_CHECK(data_->parts != nullptr, "pairs without the parts of their sources");
  return *data_->parts;
}

struct AttentionPairs::Apart {
  AttentionPairs pairs;
  at::Tensor key;                  // [P] key of each pair, counted from 1
  std::vector<at::Tensor> places;  // each [K] a pair of each key, counted from 1; 0: no further pair
};

const AttentionPairs::Apart& AttentionPairs::make_apart() const {
  auto& apart = data_->apart;
  if (apart) return *apart;
  std::vector<AttentionGroup> alone;
  std::vector<Numbers> places;
  std::vector<size_t> uses(static_cast<size_t>(keys()), 0);
  const auto key = uninitialized(pairs());
  for (const auto& group : groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t first = group.first_pair + i * group.keys;
      alone.push_back({.first_query = group.first_query + i,
                       .queries = 1,
                       .first_key = first,
                       .keys = group.keys,
                       .first_pair = 0});
      std::iota(key.data + first, key.data + first + group.keys, group.first_key + 1);
      for (int64_t j = 0; j < group.keys; ++j) {
        const auto use = uses[static_cast<size_t>(group.first_key + j)]++;
        if (use == places.size()) places.push_back(zeros(keys()));
        places[use].data[group.first_key + j] = first + j + 1;
      }
    }
  }
  std::vector<at::Tensor> there;
  for (const auto& of_use : places) there.push_back(data::send(of_use.tensor, device()));
  apart = std::make_shared<const Apart>(
      Apart{AttentionPairs(std::move(alone), device()), data::send(key.tensor, device()), std::move(there)});
  return *apart;
}

const AttentionPairs& AttentionPairs::apart() const { return make_apart().pairs; }

at::Tensor AttentionPairs::keys_apart(const at::Tensor& keys) const {
  return gather_rows(keys, make_apart().key, make_apart().places);
}

AttentionPairs pairs_of_sentences(const std::vector<int64_t>& queries, const std::vector<int64_t>& keys,
                                  c10::Device device) {
  TORCH_CHECK(queries.size() == keys.size(), "queries of ", queries.size(), " sentences, keys of ", keys.size());
  std::vector<AttentionGroup> groups;
  groups.reserve(keys.size());
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
