#include "seq2seq/nn/model/asking_rows.h"

#include <utility>
#include <vector>

#include <ATen/ops/argsort.h>
#include <ATen/ops/index_select.h>
#include <c10/core/GradMode.h>

namespace seq2seq::nn {
namespace {

/// Rows of one step: each asks by itself, in packed order.
AttentionPairs pairs_of_step(const Layout& layout, const AttendedSources& sources, c10::Device device) {
  auto owner = on_host(layout.owner);
  for (auto& row : owner) row = sources.owner[static_cast<size_t>(row)];
  return pairs_of_owners(owner, sources.lengths, device);
}

/// Rows of several steps, hypothesis by hypothesis.
AttentionPairs pairs_of_chunk(const Layout& layout, const AttendedSources& sources, c10::Device device) {
  std::vector<int64_t> owner;
  owner.reserve(static_cast<size_t>(layout.rows()));
  for (size_t hypothesis = 0; hypothesis < layout.lengths.size(); ++hypothesis)
    owner.insert(owner.end(), static_cast<size_t>(layout.lengths[hypothesis]), sources.owner[hypothesis]);
  return pairs_of_owners(owner, sources.lengths, device);
}

at::Tensor picked(const at::Tensor& rows, const at::Tensor& order) {
  return order.defined() ? rows.index_select(0, order) : rows;
}

}  // namespace

AskingRows::AskingRows(const Layout& layout, const AttendedSources& sources, c10::Device device)
    : device_(device),
      longest_(sources.longest()),
      pairs_(layout.steps() > 1 ? pairs_of_chunk(layout, sources, device) : pairs_of_step(layout, sources, device)) {
  if (layout.steps() <= 1) return;
  to_pairs_ = data::sentence_order(*layout.on(device));
  to_packed_ = at::argsort(to_pairs_);
}

at::Tensor AskingRows::in_order_of_pairs(const Packed& rows) const { return picked(rows.rows.to(device_), to_pairs_); }

at::Tensor AskingRows::packed(const at::Tensor& rows) const { return picked(rows, to_packed_); }

AttentionResult AskingRows::ask(const Attention& attention, const AttentionMemory& memory, const Packed& rows,
                                const at::Tensor& past) const {
  const auto position = picked(rows.layout->on(device_)->position, to_pairs_);
  return attention.attend({.rows = in_order_of_pairs(rows), .position = position, .past = past}, memory, pairs_);
}

at::Tensor AskingRows::read_out(const Readout& readout, const at::Tensor& context, const Packed& rows,
                                const Packed& words) const {
  return packed(readout(context, in_order_of_pairs(rows), in_order_of_pairs(words)));
}

at::Tensor AskingRows::weights(const AttentionResult& result) const {
  return c10::GradMode::is_enabled() ? at::Tensor() : packed(pairs_.padded(result.weights, longest_));
}

}  // namespace seq2seq::nn
