#include "seq2seq/nn/attention/multi_source.h"

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "seq2seq/data/send.h"
#include "seq2seq/nn/attention/part_pairs.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {
namespace {

/// Order of rows: all rows as stored, and sorted part by part.
struct RowsByPart {
  RowsByPart(const std::vector<int64_t>& part, size_t parts, c10::Device device) : sizes(parts, 0) {
    std::vector<int64_t> sorted, place(part.size());
    for (size_t number = 0; number < parts; ++number) {
      for (size_t row = 0; row < part.size(); ++row) {
        if (part[row] != static_cast<int64_t>(number)) continue;
        place[row] = std::ssize(sorted);
        sorted.push_back(static_cast<int64_t>(row));
        ++sizes[number];
      }
    }
    order = data::send(at::tensor(sorted, at::kLong), device);
    inverse = data::send(at::tensor(place, at::kLong), device);
  }
  at::Tensor order, inverse;  // [K]
  std::vector<int64_t> sizes;
};

}  // namespace

MultiSourceAttention::MultiSourceAttention(int64_t sources, const std::function<std::shared_ptr<Attention>()>& make) {
  for (int64_t source = 0; source < sources; ++source)
    attentions_.push_back(register_module(fmt::format("source_{}", source), make()));
}

AttentionMemory MultiSourceAttention::prepare(const at::Tensor& states) const {
  return prepare_parts(states, std::vector<int64_t>(static_cast<size_t>(states.size(0)), 0));
}

AttentionMemory MultiSourceAttention::prepare_parts(const at::Tensor& states, const std::vector<int64_t>& part) const {
  const RowsByPart rows(part, attentions_.size(), states.device());
  const auto by_part = permuted(states, rows.order, rows.inverse).split_with_sizes(rows.sizes);
  std::vector<at::Tensor> keys, values;
  AttentionMemory memory;
  for (size_t number = 0; number < attentions_.size(); ++number) {
    auto prepared = attentions_[number]->prepare(by_part[number]);
    keys.push_back(prepared.keys);
    values.push_back(prepared.values);
    memory.products.push_back(std::move(prepared.product));
  }
  memory.keys = permuted(at::cat(keys), rows.inverse, rows.order);
  memory.values = permuted(at::cat(values), rows.inverse, rows.order);
  return memory;
}

AttentionResult MultiSourceAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                             const AttentionPairs& pairs) const {
  const auto& parts = pairs.parts();
  std::vector<at::Tensor> contexts, weights;
  for (size_t number = 0; number < attentions_.size(); ++number) {
    const auto& attention = *attentions_[number];
    if (parts.pairs(number).pairs() == 0) {
      contexts.push_back(at::zeros({pairs.queries(), attention.width()}, memory.values.options()));
      continue;
    }
    const AttentionMemory own{.keys = memory.keys,
                              .values = memory.values,
                              .product = memory.products.empty() ? nullptr : memory.products[number]};
    const AttentionQueries asked{.rows = parts.queries_of(number, queries.rows),
                                 .position = parts.queries_of(number, queries.position),
                                 .past = queries.past.defined() ? parts.of_part(number, queries.past) : at::Tensor(),
                                 .wants_weights = queries.wants_weights};
    const auto found = attention.attend(asked, own, parts.pairs(number));
    contexts.push_back(parts.for_all(number, found.context));
    if (queries.wants_weights) weights.push_back(found.weights);
  }
  return {at::cat(contexts, 1), weights.empty() ? at::Tensor() : parts.joined(weights)};
}

int64_t MultiSourceAttention::width() const {
  int64_t width = 0;
  for (const auto& attention : attentions_) width += attention->width();
  return width;
}

}  // namespace seq2seq::nn
