#include "test/support/other_parts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::test {
namespace {

using at::Tensor;
using nn::Packed;
using nn::Role;
using nn::State;

/// The rows of each step, in packed order, and their sentences.
struct StepRows {
  Tensor rows, owner;
};
std::vector<StepRows> by_step(const Packed& packed) {
  std::vector<StepRows> steps;
  int64_t row = 0;
  for (const int64_t running : packed.layout->running) {
    steps.push_back({packed.rows.narrow(0, row, running), packed.layout->owner.narrow(0, row, running)});
    row += running;
  }
  return steps;
}

struct TanhOptions {
  int64_t cells = 4;
};
void declare(config::Keys& keys, TanhOptions& options) { keys.add("cells", options.cells, "cells").at_least(1); }

class TanhLayer : public nn::Layer {
 public:
  using Options = TanhOptions;
  TanhLayer(const Options& options, const nn::LayerContext& context, const std::string& name = {})
      : cells_(options.cells),
        input_(context.parameters.add("input" + name, {cells_, context.input}, {.kind = Role::Kind::projection})),
        hidden_(context.parameters.add("hidden" + name, {cells_, cells_}, {.kind = Role::Kind::recurrent})),
        bias_(context.parameters.add("bias" + name, {cells_}, {.kind = Role::Kind::bias})) {}

  Packed run(const Packed& chunk, State& state, const nn::LayerCall&) const override {
    std::vector<Tensor> out;
    for (const auto& step : by_step(chunk)) {
      const auto before = state[0].index_select(0, step.owner);
      out.push_back(at::tanh(at::matmul(step.rows, input_.t()) + at::matmul(before, hidden_.t()) + bias_));
      state[0] = state[0].index_copy(0, step.owner, out.back());
    }
    return chunk.with(out.empty() ? chunk.rows.new_zeros({0, cells_}) : at::cat(out));
  }
  nn::StateShape state_shape() const override { return {{"h", cells_}}; }
  int64_t width() const override { return cells_; }
  nn::ParameterPlace place() const override { return {hidden_.device(), hidden_.scalar_type()}; }

 private:
  int64_t cells_;
  Tensor input_, hidden_, bias_;
};

struct BothWaysOptions {
  int64_t cells = 4;
};
void declare(config::Keys& keys, BothWaysOptions& options) { keys.add("cells", options.cells, "cells").at_least(1); }

/// The sum of a layer forward and one backward over all steps.
class BothWays final : public nn::Layer {
 public:
  using Options = BothWaysOptions;
  BothWays(const Options& options, const nn::LayerContext& context)
      : forward_({options.cells}, context, "_forward"), backward_({options.cells}, context, "_backward") {}

  Packed run(const Packed& chunk, State& state, const nn::LayerCall& call) const override {
    State back{state[1]};
    State ahead{state[0]};
    const auto forward = forward_.run(chunk, ahead, call);
    std::vector<Tensor> rows;
    const auto steps = by_step(chunk);
    for (auto step = std::ssize(steps); step-- > 0;) {
      const auto one = data::chunk(chunk, step, step + 1);
      rows.insert(rows.begin(), backward_.run(one, back, call).rows);
    }
    state = {ahead[0], back[0]};
    return chunk.with(rows.empty() ? forward.rows : forward.rows + at::cat(rows));
  }
  nn::StateShape state_shape() const override { return {{"h", forward_.width()}, {"back", forward_.width()}}; }
  int64_t width() const override { return forward_.width(); }
  nn::ParameterPlace place() const override { return forward_.place(); }
  bool needs_all_steps() const override { return true; }

 private:
  TanhLayer forward_, backward_;
};

struct SummaryOptions {};
void declare(config::Keys&, SummaryOptions&) {}

/// Every part of the decoder's first state: tanh of a projection of the mean of the memory's rows and of the encoder's
/// top state.
class SummaryBridge final : public nn::Bridge {
 public:
  using Options = SummaryOptions;
  SummaryBridge(const Options&, const nn::BridgeContext& context) : context_(context) {
    const int64_t last = context.encoder.empty() ? 0 : context.encoder.back().front().width;
    for (size_t layer = 0; layer < context.decoder.size(); ++layer)
      for (size_t part = 0; part < context.decoder[layer].size(); ++part)
        weights_.push_back(add_parameter("weight_" + std::to_string(layer) + "_" + std::to_string(part),
                                         {context.decoder[layer][part].width, context.memory + last},
                                         {.kind = Role::Kind::projection}, context.place));
  }

  std::vector<State> first(const nn::Memory& memory) const override {
    const auto device = context_.place.device;
    const auto& layout = *memory.states.layout;
    auto read = at::zeros({memory.sentences(), context_.memory}, memory.states.rows.options())
                    .index_add(0, layout.owner, memory.states.rows)
                    .to(device);
    if (!memory.last.empty()) read = at::cat({read, memory.last.back().front().to(device)}, 1);
    std::vector<State> states;
    size_t next = 0;
    for (size_t layer = 0; layer < context_.decoder.size(); ++layer) {
      State state;
      for (size_t part = 0; part < context_.decoder[layer].size(); ++part)
        state.push_back(at::tanh(at::matmul(read, weights_[next++].t())).to(context_.devices[layer]));
      states.push_back(std::move(state));
    }
    return states;
  }

 private:
  nn::BridgeContext context_;
  std::vector<Tensor> weights_;
};

struct SummedOptions {};
void declare(config::Keys&, SummedOptions&) {}

/// The vector of each word plus the sum of all vectors of its sentence. Without recurrence.
class Summed final : public nn::Encoder {
 public:
  using Options = SummedOptions;
  Summed(const Options&, const nn::EncoderContext& context) : dropout_(context.dropout) {
    embedding_ = nn::add_embedding(*this, context);
  }
  nn::Memory encode(const Packed& ids, const nn::Draw* draw) const override {
    const auto rows =
        nn::dropout(embedding_->forward(ids), dropout_.embedding, {nn::Site::Part::source_embedding}, draw);
    const auto sums =
        at::zeros({ids.sentences(), width()}, rows.rows.options()).index_add(0, ids.layout->owner, rows.rows);
    return {.ids = ids, .states = rows.with(rows.rows + sums.index_select(0, ids.layout->owner)), .last = {}};
  }
  int64_t width() const override { return embedding_->weight().size(1); }
  std::vector<nn::StateShape> last_shapes() const override { return {}; }

 private:
  nn::EncoderDropout dropout_;
  std::shared_ptr<nn::Embedding> embedding_;
};

struct CoveringOptions {};
void declare(config::Keys&, CoveringOptions&) {}

/// Scores q' W h minus the attention weights of a state in earlier steps.
class Covering final : public nn::Attention {
 public:
  using Options = CoveringOptions;
  Covering(const Options&, const nn::AttentionContext& context)
      : weight_(add_parameter("weight", {context.query, context.memory}, {.kind = Role::Kind::projection},
                              context.place)) {}
  nn::AttentionMemory prepare(const Tensor& states) const override {
    return {.keys = at::matmul(states, weight_.t()), .values = states};
  }
  nn::AttentionResult attend(const nn::AttentionQueries& queries, const nn::AttentionMemory& memory,
                             const nn::AttentionPairs& pairs) const override {
    return nn::attend_by_scores(nn::dot_scores(queries.rows, memory.keys, pairs) - queries.past, memory, pairs);
  }
  int64_t width() const override { return weight_.size(1); }
  bool needs_past() const override { return true; }

 private:
  Tensor weight_;
};

}  // namespace

std::shared_ptr<nn::Parts> other_parts() {
  auto parts = std::make_shared<nn::Parts>();
  parts->layers.add<TanhLayer>("tanh", "a plain recurrent layer");
  parts->layers.add<BothWays>("both_ways", "plain layers in either direction, added");
  parts->bridges.add<SummaryBridge>("summary", "a projection of mean and last state");
  parts->encoders.add<Summed>("summed", "word vectors plus their sentence's sum");
  parts->attentions.add<Covering>("covering", "general, less what was looked at before");
  return parts;
}

}  // namespace seq2seq::test
