#include "seq2seq/nn/bridge/mean.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/attention/operations.h"
#include "seq2seq/nn/attention/pairs.h"

namespace seq2seq::nn {
namespace {

/// The mean of each sentence's rows [B, M]: an attention with equal weights.
at::Tensor means(const Packed& states) {
  const auto& layout = *states.layout;
  const std::vector<int64_t> one_each(layout.lengths.size(), 1);
  const auto pairs = pairs_of_sentences(one_each, layout.lengths, states.rows.device());
  const auto shares = pairs.keys_of_query().to(states.rows.scalar_type()).reciprocal();  // [B]
  return sum_by_query(shares.index_select(0, pairs.query()), data::by_sentence(states.rows, layout), pairs);
}

}  // namespace

void declare(config::Keys& keys, MeanBridgeOptions& options) {
  keys.add("bias", options.bias, "add a bias to the projection; the paper has none");
}

MeanBridge::MeanBridge(const Options& options, const BridgeContext& context) : device_(context.place.device) {
  std::vector<std::vector<int64_t>> read;
  for (const auto& shape : context.decoder) read.emplace_back(shape.size(), context.memory);
  projection_.emplace(*this, context, read, StateProjectionOptions{.bias = options.bias});
}

std::vector<State> MeanBridge::first(const Memory& memory) const {
  const auto mean = means(data::to(memory.states, device_));
  return projection_->states([&](size_t, size_t) { return mean; });
}

}  // namespace seq2seq::nn
