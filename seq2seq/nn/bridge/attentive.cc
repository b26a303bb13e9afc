#include "seq2seq/nn/bridge/attentive.h"

#include <ATen/ops/matmul.h>
#include <ATen/ops/tanh.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/attention/operations.h"
#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, AttentiveBridgeOptions& options) {
  keys.add("units", options.units, "width A of the score's hidden layer").at_least(1).at_most(1e6);
  keys.add("bias", options.bias, "add a bias to the projection");
}

AttentiveBridge::AttentiveBridge(const Options& options, const BridgeContext& context) : device_(context.place.device) {
  memory_weight_ =
      add_parameter("memory_weight", {options.units, context.memory}, {.kind = Role::Kind::projection}, context.place);
  query_ = add_parameter("query", {options.units}, {.kind = Role::Kind::scale}, context.place);
  std::vector<std::vector<int64_t>> read;
  for (const auto& shape : context.decoder) read.emplace_back(shape.size(), context.memory);
  projection_.emplace(*this, context, read, StateProjectionOptions{.bias = options.bias});
}

std::vector<State> AttentiveBridge::first(const Memory& memory) const {
  const auto states = data::to(memory.states, device_);
  const auto rows = SentenceOrder(*states.layout).by_sentence(states.rows);
  const std::vector<int64_t> one_each(states.layout->lengths.size(), 1);
  const auto pairs = pairs_of_sentences(one_each, states.layout->lengths, device_);  // pair k has row k
  const auto scores = at::matmul(at::tanh(at::matmul(rows, memory_weight_.t())), query_);
  const auto sum = sum_by_query(softmax_by_query(scores, pairs), rows, pairs);  // [B, M]
  return projection_->states([&](size_t, size_t) { return sum; });
}

}  // namespace seq2seq::nn
