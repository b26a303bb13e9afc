#include "seq2seq/nn/model/running_hypotheses.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>

namespace seq2seq::nn {

using at::Tensor;

RunningHypotheses::RunningHypotheses(const RecurrentState& state, const Layout& chunk)
    : order_(chunk.order()), key_(chunk.key.index_select(0, order_)), carried_(state.carried) {
  const auto host = chunk.on_host();
  const auto order_on_host = host.owner.narrow(0, 0, order_.size(0));
  if (!order_.is_cpu()) key_on_host_ = host.key.index_select(0, order_on_host);
  const auto order = on_host(order_on_host);
  in_order_ = chunk.in_order && std::ssize(order) == chunk.sentences;
  for (const int64_t hypothesis : order) owner_.push_back(state.sources.owner.at(static_cast<size_t>(hypothesis)));
  if (in_order_) return;
  carried_.change([&](const Tensor& tensor) { return tensor.index_select(0, order_.to(tensor.device())); });
}

void RunningHypotheses::keep(int64_t count) {
  const int64_t running = std::ssize(owner_);
  if (count == running) return;
  auto& ended = ended_.emplace_back();
  carried_.change([&](const Tensor& tensor) {
    ended.push_back(tensor.narrow(0, count, running - count));
    return tensor.narrow(0, 0, count);
  });
  owner_.resize(static_cast<size_t>(count));
}

std::shared_ptr<const Layout> RunningHypotheses::step(const Layout& chunk, int64_t first_row) const {
  const int64_t running = std::ssize(owner_);
  auto layout = data::new_layout();
  layout->running = {running};
  layout->sentences = running;
  layout->in_order = true;
  layout->lengths.assign(static_cast<size_t>(running), 1);
  layout->owner = at::arange(running, chunk.owner.options());
  layout->position = chunk.position.narrow(0, first_row, running);
  layout->key = key_.narrow(0, 0, running);
  if (key_on_host_.defined())
    layout->kept_on_host = {at::arange(running, at::kLong), chunk.on_host().position.narrow(0, first_row, running),
                            key_on_host_.narrow(0, 0, running)};
  return layout;
}

void RunningHypotheses::finish(RecurrentState& state) && {
  std::vector<Tensor> sorted;  // the carried tensors of all hypotheses of the chunk
  carried_.change([&](const Tensor& running) {
    std::vector<Tensor> parts{running};
    for (auto ended = ended_.rbegin(); ended != ended_.rend(); ++ended) parts.push_back(ended->at(sorted.size()));
    return sorted.emplace_back(parts.size() == 1 ? running : at::cat(parts));
  });
  size_t next = 0;
  state.carried.change([&](const Tensor& before) {
    const auto& after = sorted[next++];
    return in_order_ ? after : before.index_copy(0, order_.to(before.device()), after);
  });
}

}  // namespace seq2seq::nn
