#include "seq2seq/nn/transformer/source_cache.h"

#include <algorithm>
#include <numeric>

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/nn/transformer/key_value_cache.h"

namespace seq2seq::nn {

using at::Tensor;
using Numbers = std::vector<int64_t>;

void SourceCache::select(const Numbers& hypotheses) {
  owner_ = picked(owner_, hypotheses);
  drop_unused();
}

void SourceCache::append(const SourceCache& other) {
  const auto sources = std::ssize(lengths_);
  lengths_.insert(lengths_.end(), other.lengths_.begin(), other.lengths_.end());
  for (const int64_t owner : other.owner_) owner_.push_back(owner + sources);
  for (size_t layer = 0; layer < layers_.size(); ++layer)
    layers_[layer] = {at::cat({layers_[layer].keys, other.layers_[layer].keys}),
                      at::cat({layers_[layer].values, other.layers_[layer].values})};
  drop_unused();
}

void SourceCache::drop_unused() {
  std::vector<bool> used(lengths_.size());
  for (const int64_t owner : owner_) used[static_cast<size_t>(owner)] = true;
  Numbers kept, number(lengths_.size());
  int64_t rows = 0;
  for (size_t source = 0; source < lengths_.size(); ++source) {
    if (!used[source]) continue;
    number[source] = std::ssize(kept);
    kept.push_back(static_cast<int64_t>(source));
    rows += lengths_[source];
  }
  if (2 * rows > std::accumulate(lengths_.begin(), lengths_.end(), int64_t{0})) return;
  auto lengths = picked(lengths_, kept);
  const auto index = at::tensor(consecutive(picked(sums_before(lengths_), kept), lengths), at::kLong);
  for (auto& layer : layers_) {
    const auto here = index.to(layer.keys.device());
    layer = {layer.keys.index_select(0, here), layer.values.index_select(0, here)};
  }
  lengths_ = std::move(lengths);
  owner_ = picked(number, owner_);
}

AttentionPairs SourceCache::pairs(const Numbers& rows, c10::Device device, bool apart) const {
  if (apart) {
    const auto first_query = sums_before(rows), first_key = picked(sums_before(lengths_), owner_);
    std::vector<AttentionGroup> groups;
    for (size_t i = 0; i < rows.size(); ++i)
      groups.push_back({.first_query = first_query[i],
                        .queries = rows[i],
                        .first_key = first_key[i],
                        .keys = lengths_[static_cast<size_t>(owner_[i])]});
    return {std::move(groups), device};
  }
  Numbers owner;
  for (size_t i = 0; i < rows.size(); ++i) owner.insert(owner.end(), static_cast<size_t>(rows[i]), owner_[i]);
  return pairs_of_owners(owner, lengths_, device);
}

int64_t SourceCache::longest() const {
  return lengths_.empty() ? 0 : *std::max_element(lengths_.begin(), lengths_.end());
}

}  // namespace seq2seq::nn
