#include <optional>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/split_with_sizes.h>

#include "seq2seq/nn/model/decoder.h"
#include "seq2seq/nn/model/running_hypotheses.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// One step of a decoder.
class Step {
 public:
  Step(const Decoder& decoder, const RecurrentState& state, const StackCall& call, const AttentionPairs& pairs,
       RunningHypotheses& running)
      : stack_(decoder.stack()),
        block_(decoder.attention()),
        memory_(state.sources.memory),
        product_(state.readout.get()),
        call_(call),
        running_(running.carried()),
        pairs_(pairs),
        wants_weights_(state.wants_attention || running.carried().past.defined()) {}

  /// words [R, E] -> the output layer's input [R, width].
  Tensor run(const Packed& words) {
    if (block_.order() == AttentionOrder::before) ask(running_.layers.back().front(), words);
    auto rows = words.with(bottom_input(words.rows));
    if (block_.order() == AttentionOrder::first_layer) {
      rows = stack_.run_layer(0, rows, running_.layers[0], call_);
      ask(rows.rows, words);
      for (int64_t layer = 1; layer < stack_.layers(); ++layer) {
        const auto below = rows.with(at::cat({rows.rows, context_.to(rows.rows.device())}, 1));
        rows = stack_.run_layer(layer, below, running_.layers[static_cast<size_t>(layer)], call_);
      }
    } else {
      rows = stack_.run(rows, running_.layers, call_);
      if (block_.order() == AttentionOrder::after) ask(rows.rows, words);
    }
    const auto device = block_.place().device;
    const auto top = rows.rows.to(device);
    const auto& readout = block_.readout();
    const auto read = readout == nullptr ? top : (*readout)(context_, top, words.rows.to(device), product_);
    if (running_.fed.defined()) running_.fed = read;
    return read;
  }

  /// [R, S]
  Tensor weights(int64_t longest) const { return pairs_.padded(weights_, longest); }

 private:
  void ask(const Tensor& rows, const Packed& words) {
    const auto device = block_.place().device;
    auto& past = running_.past;
    const AttentionQueries queries{.rows = rows.to(device),
                                   .position = words.layout->position.to(device),
                                   .past = past.defined() ? pairs_.of_pairs(past) : Tensor(),
                                   .wants_weights = wants_weights_};
    auto found = block_.attention()->attend(queries, memory_, pairs_);
    if (past.defined()) past = past + pairs_.padded(found.weights, past.size(1));
    context_ = std::move(found.context);
    weights_ = std::move(found.weights);
  }

  /// Returns the input of the bottom layer: the word's vector, the context if it is already known, and the fed vector.
  Tensor bottom_input(const Tensor& words) const {
    std::vector<Tensor> parts{words};
    if (block_.order() == AttentionOrder::before) parts.push_back(context_.to(words.device()));
    if (running_.fed.defined()) parts.push_back(running_.fed.to(words.device()));
    return parts.size() == 1 ? words : at::cat(parts, 1);
  }

  const Stack& stack_;
  const AttentionBlock& block_;
  const AttentionMemory& memory_;
  const DeferredLinear* product_;  // of the readout
  const StackCall& call_;
  Carried& running_;
  const AttentionPairs& pairs_;
  bool wants_weights_;
  Tensor context_, weights_;
};

}  // namespace

Features Decoder::advance_steps(const Packed& words, RecurrentState& state, const Draw* draw) const {
  const auto& layout = *words.layout;
  const auto call = stack_call(state, draw);
  RunningHypotheses running(state, layout);
  // Splits once: slicing step by step would cost a gradient of all rows for each step.
  const auto of_step = at::split_with_sizes(words.rows, layout.running);
  std::vector<Tensor> rows, weights;
  int64_t first_row = 0;
  std::optional<AttentionPairs> pairs;  // of the running hypotheses; computed again when some have ended
  for (const auto& step_words : of_step) {
    running.keep(step_words.size(0));
    if (!pairs || pairs->queries() != step_words.size(0))
      pairs = state.sources.pairs(running.owner(), attention().place().device);
    Step step(*this, state, call, *pairs, running);
    rows.push_back(step.run({step_words, running.step(layout, first_row)}));
    if (state.wants_attention) weights.push_back(step.weights(state.sources.longest()));
    first_row += step_words.size(0);
  }
  std::move(running).finish(state);
  if (rows.empty()) return {.rows = words.rows.new_zeros({0, attention().width()}), .attention = {}};
  return {.rows = at::cat(rows), .attention = state.wants_attention ? at::cat(weights) : Tensor()};
}

}  // namespace seq2seq::nn
