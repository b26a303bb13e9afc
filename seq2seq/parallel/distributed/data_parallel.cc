#include "seq2seq/parallel/distributed/data_parallel.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/nn/used_rows.h"

namespace seq2seq::parallel {
namespace {

/// Returns the nonzero rows of a dense gradient, or the rows that a sparse gradient stores.
nn::UsedRows used_rows(const at::Tensor& gradient) {
  if (!gradient.defined()) return {};
  if (gradient.is_sparse()) return nn::used_rows_of(gradient);
  const auto rows = gradient.any(1).nonzero().squeeze(1);
  return {rows, gradient.index_select(0, rows)};
}

/// Sets the gradient of a table to the sum over all ranks, in order of ranks.
void set_sparse(const at::Tensor& table, const std::vector<nn::UsedRows>& all) {
  std::vector<at::Tensor> rows{at::empty({0}, at::kLong)},
      values{at::empty({0, table.size(1)}, table.options().requires_grad(false))};
  for (const auto& of_rank : all) {
    rows.push_back(of_rank.rows);
    values.push_back(of_rank.values);
  }
  table.mutable_grad() = nn::sparse_gradient(nn::sum_of_rows(at::cat(values), at::cat(rows)), table.size(0));
}

/// As above, for a dense gradient; `mine` is this rank's.
void set_whole(const at::Tensor& table, const at::Tensor& mine, const std::vector<nn::UsedRows>& all) {
  auto& gradient = table.mutable_grad();
  if (!gradient.defined()) gradient = at::zeros_like(table).detach();
  auto sum = gradient.detach();
  if (mine.defined()) sum.index_fill_(0, mine, 0);
  for (const auto& of_rank : all) sum.index_add_(0, of_rank.rows, of_rank.values);
}

int64_t count_of(const nn::UsedRows& used) { return used.rows.defined() ? used.rows.size(0) : 0; }

}  // namespace

DataParallel::DataParallel(train::GradientSource& source, ProcessGroup& group, const nn::Model& model,
                           const train::NamedParameters& parameters, int64_t bucket_bytes)
    : source_(source), group_(group) {
  const auto tables = nn::tables_of(model, model.roles());
  // From last to first, the order in which a backward pass computes most gradients.
  for (const auto& [name, parameter] : train::NamedParameters(parameters.rbegin(), parameters.rend())) {
    if (std::ranges::any_of(tables, [&](const auto& table) { return table.is_same(parameter); })) {
      tables_.push_back(parameter);
    } else {
      add_slot(parameter, bucket_bytes);
    }
  }
  std::vector<int64_t> sizes(buckets_.size(), 0);
  std::vector<at::TensorOptions> options(buckets_.size());
  for (const auto& slot : slots_) {
    sizes[slot.bucket] = slot.first + slot.parameter.numel();
    options[slot.bucket] = slot.parameter.options();
  }
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_[i].numbers = at::empty({sizes[i]}, options[i].requires_grad(false));
  source_.on_ready([this](const at::Tensor& parameter) { take(parameter); });
}

DataParallel::~DataParallel() { source_.on_ready({}); }

void DataParallel::add_slot(const at::Tensor& parameter, int64_t bucket_bytes) {
  Slot slot{.parameter = parameter};
  if (!slots_.empty()) {
    const auto& last = slots_.back();
    slot.first = last.first + last.parameter.numel();
    slot.bucket = last.bucket;
    const bool fits = (slot.first + parameter.numel()) * parameter.element_size() <= bucket_bytes;
    if (!fits || last.parameter.device() != parameter.device() ||
        last.parameter.scalar_type() != parameter.scalar_type())
      slot.first = 0, ++slot.bucket;
  }
  if (slot.bucket == buckets_.size()) buckets_.emplace_back();
  ++buckets_[slot.bucket].slots;
  slot_of_.emplace(parameter.unsafeGetTensorImpl(), slots_.size());
  slots_.push_back(std::move(slot));
}

std::vector<at::Tensor> DataParallel::accumulate(const std::vector<data::Batch>& batches, double divisor,
                                                 const nn::Draw& draw) {
  started_ = 0;
  for (auto& slot : slots_) slot.ready = false;
  for (auto& bucket : buckets_) bucket.ready = 0;
  auto losses = source_.accumulate(batches, divisor, draw);
  for (auto& slot : slots_)
    if (!slot.ready) take(slot);
  finish_buckets(sum_tables());
  return losses;
}

void DataParallel::take(const at::Tensor& parameter) {
  const auto found = slot_of_.find(parameter.unsafeGetTensorImpl());
  if (found != slot_of_.end()) take(slots_[found->second]);
}

void DataParallel::take(Slot& slot) {
  auto& bucket = buckets_[slot.bucket];
  auto place = bucket.numbers.narrow(0, slot.first, slot.parameter.numel());
  const auto& gradient = slot.parameter.grad();
  gradient.defined() ? place.copy_(gradient.detach().flatten()) : place.zero_();
  slot.ready = true;
  ++bucket.ready;
  start_full_buckets();
}

/// Starts buckets in the same order on every rank, for any order of the gradients.
void DataParallel::start_full_buckets() {
  for (; started_ < buckets_.size() && buckets_[started_].ready == buckets_[started_].slots; ++started_)
    buckets_[started_].sum = group_.start_sum(buckets_[started_].numbers);
}

/// `defined`: for each slot, how many ranks have a gradient. A gradient that no rank has stays undefined.
void DataParallel::finish_buckets(const std::vector<int64_t>& defined) {
  for (auto& bucket : buckets_) group_.finish(*std::exchange(bucket.sum, nullptr));
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (defined[i] == 0) continue;
    const auto& slot = slots_[i];
    const auto sum = buckets_[slot.bucket].numbers.narrow(0, slot.first, slot.parameter.numel());
    auto& gradient = slot.parameter.mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(slot.parameter).detach();
    gradient.detach().copy_(sum.view(slot.parameter.sizes()));
  }
}

/// Returns for each rank: which slots have a gradient there, which tables have one (2: a sparse one), and how many rows
/// of each it used.
std::vector<std::vector<int64_t>> DataParallel::gather_counts(const std::vector<nn::UsedRows>& used) {
  std::vector<int64_t> mine;
  for (const auto& slot : slots_) mine.push_back(slot.parameter.grad().defined() ? 1 : 0);
  for (const auto& table : tables_) {
    const auto& gradient = table.grad();
    mine.push_back(!gradient.defined() ? 0 : gradient.is_sparse() ? 2 : 1);
  }
  for (const auto& of_table : used) mine.push_back(count_of(of_table));
  auto numbers = at::empty({std::ssize(mine)}, at::kLong);
  std::copy(mine.begin(), mine.end(), numbers.mutable_data_ptr<int64_t>());
  std::vector<std::vector<int64_t>> all;
  for (const auto& of_rank :
       group_.gather(numbers, std::vector<int64_t>(static_cast<std::size_t>(group_.ranks()), std::ssize(mine)))) {
    const auto* first = of_rank.const_data_ptr<int64_t>();
    all.emplace_back(first, first + of_rank.size(0));
  }
  return all;
}

/// Sends the rows of all tables together: each rank's ids, table after table, then its rows. Returns, for each slot,
/// how many ranks have a gradient.
std::vector<int64_t> DataParallel::sum_tables() {
  std::vector<nn::UsedRows> used;
  for (const auto& table : tables_) used.push_back(used_rows(table.grad()));
  const auto counts = gather_counts(used);
  const auto ranks = counts.size();
  std::vector<int64_t> defined(slots_.size(), 0), ids_of(ranks, 0), numbers_of(ranks, 0);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    for (std::size_t i = 0; i < slots_.size(); ++i) defined[i] += counts[rank][i];
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const int64_t rows = counts[rank][slots_.size() + tables_.size() + i];
      ids_of[rank] += rows;
      numbers_of[rank] += rows * tables_[i].size(1);
    }
  }
  std::vector<at::Tensor> ids, rows;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (!used[i].rows.defined()) continue;
    ids.push_back(used[i].rows.to(tables_.front().device()));
    rows.push_back(used[i].values.flatten().to(tables_.front().device()));
  }
  std::vector<std::vector<nn::UsedRows>> all(tables_.size());
  if (std::ranges::any_of(ids_of, [](int64_t count) { return count > 0; })) {
    const auto none = at::empty({0}, tables_.front().options().requires_grad(false));
    const auto all_ids = group_.gather(ids.empty() ? none.to(at::kLong) : at::cat(ids), ids_of);
    const auto all_rows = group_.gather(rows.empty() ? none : at::cat(rows), numbers_of);
    for (std::size_t rank = 0; rank < ranks; ++rank) take_rows(counts[rank], all_ids[rank], all_rows[rank], all);
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const auto has = [&](int64_t kind) {
      return std::ranges::any_of(counts, [&](const auto& of_rank) { return of_rank[slots_.size() + i] == kind; });
    };
    if (has(2)) {
      set_sparse(tables_[i], all[i]);
    } else if (has(1)) {
      set_whole(tables_[i], used[i].rows, all[i]);
    }
  }
  return defined;
}

/// Adds the data from one rank to `all`, by table.
void DataParallel::take_rows(const std::vector<int64_t>& counts, const at::Tensor& ids, const at::Tensor& numbers,
                             std::vector<std::vector<nn::UsedRows>>& all) const {
  int64_t id = 0, number = 0;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const int64_t rows = counts[slots_.size() + tables_.size() + i];
    if (rows == 0) continue;
    const auto device = tables_[i].device();
    const int64_t width = tables_[i].size(1);
    all[i].push_back({.rows = ids.narrow(0, id, rows).to(device),
                      .values = numbers.narrow(0, number, rows * width).view({rows, width}).to(device)});
    id += rows;
    number += rows * width;
  }
}

}  // namespace seq2seq::parallel
