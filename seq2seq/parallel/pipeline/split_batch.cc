#include "seq2seq/parallel/pipeline/split_batch.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::parallel {
namespace {

template <class Value>
std::vector<Value> picked(const std::vector<Value>& all, const std::vector<int64_t>& chosen) {
  std::vector<Value> some;
  for (const int64_t number : chosen) some.push_back(all[static_cast<size_t>(number)]);
  return some;
}

}  // namespace

std::vector<BatchPart> split_batch(const data::Batch& batch, int64_t parts) {
  parts = std::min(parts, batch.sentences());
  if (parts <= 1) return {{.batch = batch, .target_rows = {}}};
  const auto sources = data::unpack(batch.source), inputs = data::unpack(batch.inputs),
             targets = data::unpack(batch.targets);
  const auto keys = nn::on_host(batch.source.layout->key);
  auto order = nn::on_host(batch.source.layout->order());
  for (int64_t sentence = 0; sentence < batch.sentences(); ++sentence)
    if (sources[static_cast<size_t>(sentence)].empty()) order.push_back(sentence);  // has no row to find it by

  std::vector<BatchPart> made;
  for (int64_t part = 0; part < parts; ++part) {
    std::vector<int64_t> chosen;
    for (auto place = part; place < std::ssize(order); place += parts)
      chosen.push_back(order[static_cast<size_t>(place)]);
    std::ranges::sort(chosen);  // equal lengths stay in order, and so do the rows
    const auto ids = at::tensor(chosen, at::kLong);
    const auto part_keys = picked(keys, chosen);
    BatchPart next;
    next.batch.source = data::pack(picked(sources, chosen), part_keys);
    next.batch.inputs = data::pack(picked(inputs, chosen), part_keys);
    next.batch.targets = next.batch.inputs.with(data::pack(picked(targets, chosen), part_keys).rows);
    if (batch.weights.defined()) next.batch.weights = batch.weights.to(at::kCPU).index_select(0, ids);
    auto is_chosen = at::zeros({batch.sentences()}, at::kBool);
    is_chosen.index_fill_(0, ids, true);
    next.target_rows = is_chosen.index_select(0, batch.targets.layout->owner.to(at::kCPU)).nonzero().squeeze(1);
    made.push_back(std::move(next));
  }
  return made;
}

}  // namespace seq2seq::parallel
