#include <algorithm>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/stage/memory_reader.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class BridgePass final : public StagePass {
 public:
  explicit BridgePass(BridgeStage stage)
      : stage_(std::move(stage)),
        memory_(stage_.states, stage_.last),
        parameters_(parameters_used(stage_.bridge)),
        gradients_(parameters_.size()) {}

  void forward(const Piece&) override {
    const at::AutoGradMode with_gradient(true);
    graph_.parameters(parameters_);
    first_ = stage_.bridge.first(memory_.read(stage_.ids, graph_));
    for (size_t layer = 0; layer < first_.size(); ++layer) {
      State state;
      for (const auto& part : first_[layer]) state.push_back(part.detach());
      stage_.first[layer]->publish(std::move(state));
    }
  }

  void backward(const Piece&) override {
    for (size_t layer = 0; layer < first_.size(); ++layer) {
      for (size_t part = 0; part < first_[layer].size(); ++part) {
        const auto& output = first_[layer][part];
        const auto output_gradient = stage_.first[layer]->gradient(output.device());
        if (part < output_gradient.size()) graph_.add_output(output, output_gradient[part]);
      }
    }
    graph_.backward();
    memory_.answer(graph_);
    first_.clear();
  }

  void weights(const Piece&) override { add_each(gradients_, graph_.parameter_gradients()); }
  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  BridgeStage stage_;
  MemoryReader memory_;
  std::vector<Tensor> parameters_, gradients_;
  LocalGraph graph_;
  std::vector<State> first_;
};

class EncoderPass final : public StagePass {
 public:
  explicit EncoderPass(EncoderStage stage) : stage_(std::move(stage)), parameters_(parameters_used(stage_.encoder)) {
    gradients_.resize(parameters_.size());
  }

  void forward(const Piece&) override {
    const at::AutoGradMode with_gradient(true);
    graph_.parameters(parameters_);
    memory_ = stage_.encoder.encode(stage_.ids, stage_.draw);
    stage_.states->rows().copy_(memory_.states.rows.detach());
    for (size_t layer = 0; layer < memory_.last.size(); ++layer) {
      State last;
      for (const auto& part : memory_.last[layer]) last.push_back(part.detach());
      stage_.last[layer]->publish(std::move(last));
    }
  }

  void backward(const Piece& piece) override {
    stage_.states->collect(piece);
    graph_.add_output(memory_.states.rows, stage_.states->gradient());
    for (size_t layer = 0; layer < memory_.last.size(); ++layer) {
      auto& last = memory_.last[layer];
      for (size_t part = 0; part < last.size(); ++part) {
        const auto output_gradient = stage_.last[layer]->gradient(last[part].device());
        if (part < output_gradient.size()) graph_.add_output(last[part], output_gradient[part]);
      }
    }
    graph_.backward();
    memory_ = {};
  }

  void weights(const Piece&) override { add_each(gradients_, graph_.parameter_gradients()); }
  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  EncoderStage stage_;
  std::vector<Tensor> parameters_, gradients_;
  LocalGraph graph_;
  Memory memory_;
};

class WholeOutputPass final : public StagePass {
 public:
  explicit WholeOutputPass(OutputStage stage)
      : stage_(std::move(stage)),
        parameters_(parameters_used(stage_.output)),
        gradients_(parameters_.size()),
        reader_(stage_.in->add_reader(stage_.output.home())) {}

  void forward(const Piece& piece) override {
    const at::AutoGradMode with_gradient(true);
    Run run;
    run.piece = piece;
    run.graph.parameters(parameters_);
    // This stage copies before the graph starts: a copy within it would run backward on the writer's device.
    const auto rows = piece.of(stage_.in->rows()).to(stage_.output.home());
    const Features features{.rows = run.graph.leaf(rows), .attention = {}};
    const LossSpec spec{.label_smoothing = stage_.spec.label_smoothing,
                        .row_scale = piece.of(stage_.spec.row_scale),
                        .draw = stage_.spec.draw};
    run.losses = stage_.output.loss(features, piece.of(stage_.targets), spec);
    piece.of(stage_.losses).copy_(run.losses.detach());
    run.graph.add_output(run.losses, spec.row_scale);
    runs_.push_back(std::move(run));
  }

  void backward(const Piece& piece) override {
    const auto run =
        std::ranges::find_if(runs_, [&](const Run& other) { return other.piece.first_step == piece.first_step; });
    run->graph.backward();
    give(reader_.defined() ? piece.of(reader_) : Tensor(), run->graph.gradient(0));
    run->losses.reset();
  }

  void weights(const Piece& piece) override {
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (run->piece.first_step < piece.first_step || run->piece.last_step > piece.last_step) continue;
      add_each(gradients_, run->graph.parameter_gradients());
      run->graph = {};
    }
  }

  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  struct Run {
    Piece piece;
    LocalGraph graph;
    Tensor losses;
  };
  OutputStage stage_;
  std::vector<Tensor> parameters_, gradients_;
  Tensor reader_;
  std::vector<Run> runs_;
};

}  // namespace

std::unique_ptr<StagePass> bridge_pass(BridgeStage stage) { return std::make_unique<BridgePass>(std::move(stage)); }
std::unique_ptr<StagePass> encoder_pass(EncoderStage stage) { return std::make_unique<EncoderPass>(std::move(stage)); }
std::unique_ptr<StagePass> whole_output_pass(OutputStage stage) {
  return std::make_unique<WholeOutputPass>(std::move(stage));
}

}  // namespace seq2seq::nn
