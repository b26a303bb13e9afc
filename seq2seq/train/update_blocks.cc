#include "seq2seq/train/update_blocks.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/used_rows.h"

namespace seq2seq::train {
namespace {

/// Returns the size of a block, in [64 K, 512 K] numbers, for a few blocks per thread: larger blocks leave the cache,
/// and smaller ones make the cost of calls noticeable. A multiple of a vector kernel's step, so that only the end of a
/// tensor is computed as a remainder, as in a single call.
int64_t block_size(const ParameterGroup& group) {
  int64_t numbers = 0;
  for (const auto& parameter : group.parameters) numbers += parameter.numel();
  constexpr int64_t least = int64_t{1} << 16, most = int64_t{1} << 19, a_thread = 4;
  return std::clamp(numbers / (a_thread * at::get_num_threads()) / least * least, least, most);
}

/// Numbers [first, last) of a member of the group.
struct Span {
  size_t member = 0;
  int64_t first = 0, last = 0;
};

std::vector<std::vector<Span>> cut(const ParameterGroup& group) {
  std::vector<std::vector<Span>> blocks;
  const int64_t size = block_size(group);
  int64_t filled = size;
  for (size_t member = 0; member < group.parameters.size(); ++member) {
    const int64_t numel = group.parameters[member].numel();
    for (int64_t first = 0; first < numel; first += size) {
      const int64_t last = std::min(first + size, numel);
      if (filled + last - first > size) {
        blocks.emplace_back();
        filled = 0;
      }
      blocks.back().push_back({member, first, last});
      filled += last - first;
    }
  }
  return blocks;
}

at::Tensor part_of(const at::Tensor& tensor, const Span& span) {
  if (span.last - span.first == tensor.numel()) return tensor;
  return tensor.view(-1).narrow(0, span.first, span.last - span.first);
}

/// Returns a part of a sparse gradient, with the zeros that it does not store.
at::Tensor whole_part_of(const nn::UsedRows& used, const Span& span) {
  auto part = at::zeros({span.last - span.first}, used.values.options());
  const int64_t width = used.values.size(1), count = used.rows.size(0);
  const auto bytes = used.values.element_size();
  const auto* rows = used.rows.const_data_ptr<int64_t>();
  const auto* values = static_cast<const char*>(used.values.const_data_ptr());
  auto* to = static_cast<char*>(part.mutable_data_ptr());
  for (auto at = std::lower_bound(rows, rows + count, span.first / width) - rows; at < count; ++at) {
    const int64_t row = rows[at] * width;
    const int64_t first = std::max(row, span.first), last = std::min(row + width, span.last);
    if (first >= last) break;
    std::memcpy(to + (first - span.first) * bytes, values + (at * width + first - row) * bytes,
                static_cast<size_t>((last - first) * bytes));
  }
  return part;
}

}  // namespace

void step_in_blocks(const ParameterGroup& group, const std::vector<std::vector<at::Tensor>>& states,
                    const GradientEdit& edit, const BlockStep& step) {
  std::vector<std::optional<nn::UsedRows>> sparse(group.gradients.size());
  for (size_t member = 0; member < sparse.size(); ++member)
    if (group.gradients[member].is_sparse()) sparse[member] = nn::used_rows_of(group.gradients[member]);
  const auto blocks = cut(group);
  at::parallel_for(0, std::ssize(blocks), 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView without_graph;  // in this thread
    for (int64_t number = begin; number < end; ++number) {
      UpdateBlock block;
      block.states.resize(states.size());
      for (const auto& span : blocks[static_cast<size_t>(number)]) {
        block.parameters.push_back(part_of(group.parameters[span.member], span));
        const auto& used = sparse[span.member];
        block.gradients.push_back(used ? whole_part_of(*used, span).view_as(block.parameters.back())
                                       : part_of(group.gradients[span.member], span));
        for (size_t kind = 0; kind < states.size(); ++kind)
          block.states[kind].push_back(part_of(states[kind][span.member], span));
        block.members.push_back(span.member);
      }
      if (edit) edit(block.gradients);
      step(block);
    }
  });
}

void step_in_rows(const ParameterGroup& group, size_t member, const at::Tensor& rows,
                  const std::vector<std::vector<at::Tensor>>& states, const GradientEdit& edit, const BlockStep& step) {
  if (rows.size(0) == 0) return;
  const auto& gradient = group.gradients[member];
  const auto changed = [&](const at::Tensor& whole) { return whole.index_select(0, rows); };
  UpdateBlock block{
      .parameters = {changed(group.parameters[member])}, .gradients = {}, .states = {}, .members = {member}};
  block.gradients.push_back(gradient.is_sparse() ? nn::used_rows_of(gradient).values : changed(gradient));
  for (const auto& kind : states) block.states.push_back({changed(kind[member])});
  if (edit) edit(block.gradients);
  step(block);
  const auto put_back = [&](at::Tensor whole, const at::Tensor& of_rows) { whole.index_copy_(0, rows, of_rows); };
  put_back(group.parameters[member], block.parameters.front());
  for (size_t kind = 0; kind < states.size(); ++kind) put_back(states[kind][member], block.states[kind].front());
}

ParameterGroup without(const ParameterGroup& group, const std::function<bool(size_t member)>& leaves) {
  ParameterGroup kept;
  for (size_t member = 0; member < group.indices.size(); ++member) {
    if (leaves(member)) continue;
    kept.indices.push_back(group.indices[member]);
    kept.parameters.push_back(group.parameters[member]);
    kept.gradients.push_back(group.gradients[member]);
  }
  return kept;
}

}  // namespace seq2seq::train
