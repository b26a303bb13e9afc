#include "seq2seq/nn/model/query_rows.h"

#include <vector>

namespace seq2seq::nn {
namespace {

/// Pairs for the rows of one step: each row is a query of its own, in packed order.
AttentionPairs pairs_of_step(const Layout& layout, const AttendedSources& sources, c10::Device device) {
  auto owner = on_host(layout.on_host().owner);
  for (auto& row : owner) row = sources.owner[static_cast<size_t>(row)];
  return sources.pairs(owner, device);
}

/// Pairs for the rows of several steps, hypothesis by hypothesis.
AttentionPairs pairs_of_chunk(const Layout& layout, const AttendedSources& sources, c10::Device device) {
  std::vector<int64_t> owner;
  owner.reserve(static_cast<size_t>(layout.rows()));
  for (size_t hypothesis = 0; hypothesis < layout.lengths.size(); ++hypothesis)
    owner.insert(owner.end(), static_cast<size_t>(layout.lengths[hypothesis]), sources.owner[hypothesis]);
  return sources.pairs(owner, device);
}

}  // namespace

QueryRows::QueryRows(const Layout& layout, const AttendedSources& sources, c10::Device device)
    : device_(device),
      longest_(sources.longest()),
      pairs_(layout.steps() > 1 ? pairs_of_chunk(layout, sources, device) : pairs_of_step(layout, sources, device)) {
  if (layout.steps() > 1) order_.emplace(*layout.on(device));
}

at::Tensor QueryRows::in_order_of_pairs(const Packed& rows) const {
  const auto here = rows.rows.to(device_);
  return order_ ? order_->by_sentence(here) : here;
}

at::Tensor QueryRows::packed(const at::Tensor& rows) const { return order_ ? order_->packed(rows) : rows; }

AttentionResult QueryRows::attend(const Attention& attention, const AttentionMemory& memory, const Packed& rows,
                                  bool wants_weights) const {
  const auto position = in_order_of_pairs(rows.with(rows.layout->position));
  return attention.attend({.rows = in_order_of_pairs(rows), .position = position, .wants_weights = wants_weights},
                          memory, pairs_);
}

at::Tensor QueryRows::read_out(const Readout& readout, const at::Tensor& context, const Packed& rows,
                               const Packed& words) const {
  return packed(readout(context, in_order_of_pairs(rows), in_order_of_pairs(words)));
}

at::Tensor QueryRows::weights(const AttentionResult& result) const {
  return packed(pairs_.padded(result.weights, longest_));
}

}  // namespace seq2seq::nn
