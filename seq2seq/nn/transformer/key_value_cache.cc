#include "seq2seq/nn/transformer/key_value_cache.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include <ATen/ops/index.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;
using Numbers = std::vector<int64_t>;

Ids index_on(const Numbers& numbers, const Tensor& rows) { return at::tensor(numbers, at::kLong).to(rows.device()); }

/// Returns `all` with `rows` at these places; changes `all` itself outside gradient mode.
Tensor put(const Tensor& all, const Numbers& places, const Tensor& rows) {
  const auto index = index_on(places, all);
  if (c10::GradMode::is_enabled()) return all.index_put({index}, rows);
  auto changed = all;
  return changed.index_put_({index}, rows);
}

template <class Change>
void change_each(std::vector<KeysValues>& layers, const Change& change) {
  for (size_t layer = 0; layer < layers.size(); ++layer)
    for (auto part : {&KeysValues::keys, &KeysValues::values}) layers[layer].*part = change(layer, part);
}

}  // namespace

Numbers all_of(int64_t count) {
  Numbers numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

Numbers picked(const Numbers& values, const Numbers& places) {
  Numbers result;
  result.reserve(places.size());
  for (const int64_t place : places) result.push_back(values.at(static_cast<size_t>(place)));
  return result;
}

Numbers consecutive(const Numbers& first, const Numbers& counts) {
  Numbers rows;
  for (size_t i = 0; i < first.size(); ++i)
    for (int64_t row = 0; row < counts[i]; ++row) rows.push_back(first[i] + row);
  return rows;
}

Numbers sums_before(const Numbers& values) {
  Numbers sums(values.size());
  std::exclusive_scan(values.begin(), values.end(), sums.begin(), int64_t{0});
  return sums;
}

Numbers KeyValueCache::first_rows() const {
  if (capacity_ == 0) return sums_before(lengths_);
  Numbers first;
  for (const int64_t slot : slot_) first.push_back(slot * capacity_);
  return first;
}

void KeyValueCache::lay_out(const std::vector<Part>& parts, int64_t rows) {
  constexpr uint64_t least = 16;
  const auto capacity = static_cast<int64_t>(std::bit_ceil(std::max(least, static_cast<uint64_t>(rows))));
  Numbers lengths;
  std::vector<Numbers> from, to;  // rows of each part
  for (const auto& part : parts) {
    const auto counts = picked(part.cache->lengths_, part.hypotheses);
    from.push_back(consecutive(picked(part.cache->first_rows(), part.hypotheses), counts));
    Numbers slots;
    for (size_t i = 0; i < counts.size(); ++i) slots.push_back(static_cast<int64_t>(lengths.size() + i) * capacity);
    to.push_back(consecutive(slots, counts));
    lengths.insert(lengths.end(), counts.begin(), counts.end());
  }
  auto laid_out = layers_;
  change_each(laid_out, [&](size_t layer, Tensor KeysValues::*part) {
    Tensor all;
    for (size_t i = 0; i < parts.size(); ++i) {
      const auto& rows_of_part = parts[i].cache->layers_.at(layer).*part;
      if (!rows_of_part.defined()) continue;
      if (!all.defined())
        all = at::zeros({std::ssize(lengths) * capacity, rows_of_part.size(1)}, rows_of_part.options());
      all = put(all, to[i], rows_of_part.index_select(0, index_on(from[i], rows_of_part)));
    }
    return all;
  });
  layers_ = std::move(laid_out);
  lengths_ = std::move(lengths);
  slot_ = all_of(std::ssize(lengths_));
  capacity_ = capacity;
}

void KeyValueCache::reuse_slots(const Numbers& hypotheses) {
  std::vector<bool> taken(static_cast<size_t>(slots()));
  Numbers from, to;  // slots
  auto slot = picked(slot_, hypotheses);
  std::vector<size_t> repeated;
  for (size_t i = 0; i < slot.size(); ++i) {
    if (taken[static_cast<size_t>(slot[i])]) repeated.push_back(i);
    taken[static_cast<size_t>(slot[i])] = true;
  }
  auto next = taken.begin();
  for (const size_t i : repeated) {
    next = std::find(next, taken.end(), false);
    *next = true;
    from.push_back(slot[i]);
    slot[i] = to.emplace_back(next - taken.begin());
  }
  slot_ = std::move(slot);
  lengths_ = picked(lengths_, hypotheses);
  if (to.empty()) return;
  const int64_t used = *std::max_element(lengths_.begin(), lengths_.end());
  change_each(layers_, [&](size_t layer, Tensor KeysValues::*part) {
    const auto& all = layers_[layer].*part;
    const auto by_slot = all.view({-1, capacity_, all.size(1)}).narrow(1, 0, used);
    put(by_slot, to, by_slot.index_select(0, index_on(from, all)));
    return all;
  });
}

void KeyValueCache::select(const Numbers& hypotheses) {
  if (empty()) {
    lengths_ = picked(lengths_, hypotheses);
    return;
  }
  const bool in_place = capacity_ > 0 && std::ssize(hypotheses) <= slots() && !c10::GradMode::is_enabled();
  if (in_place) return reuse_slots(hypotheses);
  if (hypotheses == all_of(std::ssize(lengths_))) return;
  const int64_t rows = lengths_.empty() ? 0 : *std::max_element(lengths_.begin(), lengths_.end()) + 1;
  lay_out({{this, hypotheses}}, std::max(rows, capacity_));
}

KeyValueCache KeyValueCache::selected(const Numbers& hypotheses) const {
  auto cache = *this;
  if (empty()) {
    cache.lengths_ = picked(lengths_, hypotheses);
    return cache;
  }
  int64_t rows = 0;
  for (const int64_t hypothesis : hypotheses) rows = std::max(rows, lengths_.at(static_cast<size_t>(hypothesis)) + 1);
  cache.lay_out({{this, hypotheses}}, rows);
  return cache;
}

void KeyValueCache::append(const KeyValueCache& other) {
  if (empty() && other.empty()) {
    lengths_.insert(lengths_.end(), other.lengths_.begin(), other.lengths_.end());
    return;
  }
  int64_t rows = 0;
  for (const auto* cache : {static_cast<const KeyValueCache*>(this), &other})
    for (const int64_t length : cache->lengths_) rows = std::max(rows, length + 1);
  lay_out({{this, all_of(std::ssize(lengths_))}, {&other, all_of(std::ssize(other.lengths_))}}, rows);
}

void KeyValueCache::begin(const Numbers& rows) {
  added_ = rows;
  first_ = empty();
  if (first_) return;
  int64_t longest = 0;
  for (size_t i = 0; i < rows.size(); ++i) longest = std::max(longest, lengths_[i] + rows[i]);
  if (longest > capacity_) lay_out({{this, all_of(std::ssize(lengths_))}}, longest);
  auto next = first_rows();
  for (size_t i = 0; i < next.size(); ++i) next[i] += lengths_[i];
  to_ = consecutive(next, added_);
}

KeysValues KeyValueCache::add(int64_t layer, const KeysValues& rows) {
  auto& all = layers_.at(static_cast<size_t>(layer));
  if (first_) return all = rows;
  return all = {put(all.keys, to_, rows.keys), put(all.values, to_, rows.values)};
}

AttentionPairs KeyValueCache::pairs(c10::Device device) const {
  if (first_) return pairs_of_sentences(added_, added_, device);
  const auto first_query = sums_before(added_), first_key = first_rows();
  std::vector<AttentionGroup> groups;
  for (size_t i = 0; i < added_.size(); ++i)
    groups.push_back({.first_query = first_query[i],
                      .queries = added_[i],
                      .first_key = first_key[i],
                      .keys = lengths_[i] + added_[i]});
  return {std::move(groups), device};
}

void KeyValueCache::end() {
  for (size_t i = 0; i < added_.size(); ++i) lengths_[i] += added_[i];
}

}  // namespace seq2seq::nn
