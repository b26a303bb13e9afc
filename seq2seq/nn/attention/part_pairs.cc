#include "seq2seq/nn/attention/part_pairs.h"

#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/data/send.h"
#include "seq2seq/nn/attention/gather.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {
namespace {

using Positions = std::vector<int64_t>;

at::Tensor sent_to(c10::Device device, const Positions& positions) {
  return data::send(at::tensor(positions, at::kLong), device);
}

/// Returns the number of keys of a source before those of a part.
int64_t before(const Positions& lengths, size_t part) {
  return std::accumulate(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(part), int64_t{0});
}

}  // namespace

PartPairs::PartPairs(const AttentionPairs& all, std::vector<std::vector<int64_t>> lengths)
    : groups_(all.groups()), lengths_(std::move(lengths)), device_(all.device()) {
  const size_t count = lengths_.empty() ? 0 : lengths_.front().size();
  for (size_t part = 0; part < count; ++part) parts_.push_back(make(all, part));
}

PartPairs::Part PartPairs::make(const AttentionPairs& all, size_t number) const {
  std::vector<AttentionGroup> groups;
  Positions queries, slot(static_cast<size_t>(all.queries()), 0);
  for (size_t g = 0; g < groups_.size(); ++g) {
    const auto& whole = groups_[g];
    const int64_t keys = lengths_[g][number];
    if (keys == 0) continue;
    groups.push_back({.first_query = std::ssize(queries),
                      .queries = whole.queries,
                      .first_key = whole.first_key + before(lengths_[g], number),
                      .keys = keys});
    for (int64_t i = whole.first_query; i < whole.first_query + whole.queries; ++i) {
      queries.push_back(i + 1);
      slot[static_cast<size_t>(i)] = std::ssize(queries);
    }
  }
  Part part{.pairs = {std::move(groups), device_}, .queries = {}, .slot = {}};
  if (std::ssize(queries) == all.queries()) return part;
  part.queries = sent_to(device_, queries);
  part.slot = sent_to(device_, slot);
  return part;
}

const PartPairs::Index& PartPairs::index() const {
  if (index_.order.defined()) return index_;
  Positions inverse;  // for each pair of the parts, its position among all pairs
  for (size_t number = 0; number < parts_.size(); ++number) {
    const auto first = std::ssize(inverse);
    for (size_t g = 0; g < groups_.size(); ++g) {
      const auto& group = groups_[g];
      for (int64_t i = 0; i < group.queries; ++i)
        for (int64_t j = 0; j < lengths_[g][number]; ++j)
          inverse.push_back(group.first_pair + i * group.keys + before(lengths_[g], number) + j);
    }
    index_.pair.push_back(sent_to(device_, Positions(inverse.begin() + first, inverse.end())));
  }
  Positions order(inverse.size());
  for (size_t pair = 0; pair < inverse.size(); ++pair)
    order[static_cast<size_t>(inverse[pair])] = static_cast<int64_t>(pair);
  index_.order = sent_to(device_, order);
  index_.inverse = sent_to(device_, inverse);
  return index_;
}

at::Tensor PartPairs::queries_of(size_t part, const at::Tensor& rows) const {
  const auto& [pairs, queries, slot] = parts_[part];
  return queries.defined() && rows.defined() ? gather_rows(rows, queries, {slot}) : rows;
}

at::Tensor PartPairs::for_all(size_t part, const at::Tensor& rows) const {
  const auto& [pairs, queries, slot] = parts_[part];
  return queries.defined() && rows.defined() ? gather_rows(rows, slot, {queries}) : rows;
}

at::Tensor PartPairs::of_part(size_t part, const at::Tensor& of_pairs) const {
  return of_pairs.index_select(0, index().pair[part]);
}

at::Tensor PartPairs::joined(const std::vector<at::Tensor>& of_parts) const {
  return permuted(at::cat(of_parts), index().order, index().inverse);
}

}  // namespace seq2seq::nn
