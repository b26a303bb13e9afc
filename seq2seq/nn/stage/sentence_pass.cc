#include <utility>

#include <ATen/core/grad_mode.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Runs all rows at once as a graph that starts at its input rows, so that the engine runs backward through this stage
/// only.
class SentencePass final : public StagePass {
 public:
  explicit SentencePass(SentenceStage stage) : stage_(std::move(stage)), gradients_(stage_.parameters.size()) {
    if (stage_.below) below_reader_ = stage_.below->add_whole_reader();
  }

  void forward(const Piece&) override {
    const at::AutoGradMode with_gradient(stage_.trains);
    graph_.parameters(stage_.parameters);
    const auto below = stage_.below ? leaf_of(*stage_.below, below_leaf_) : Tensor();
    const auto states = stage_.states ? leaf_of(*stage_.states, states_leaf_) : Tensor();
    rows_ = stage_.work(below, states);
    stage_.out->hand_on(rows_.detach());
  }

  void backward(const Piece&) override {
    if (!stage_.trains) return;
    graph_.add_output(rows_, stage_.out->take_gradient());
    rows_.reset();
    graph_.backward();
    if (stage_.below) stage_.below->answer(below_reader_, gradient_of(below_leaf_));
    if (stage_.states) stage_.states->answer(stage_.states_reader, gradient_of(states_leaf_));
    for (size_t number = 0; number < gradients_.size(); ++number) {
      const auto& made = graph_.parameter_gradients()[number];
      if (made.defined()) gradients_[number] = made.is_sparse() ? made : made.contiguous();
    }
    graph_ = {};
  }

  void weights(const Piece&) override {}  // backward() has made them
  void deliver() override { nn::deliver(stage_.parameters, gradients_); }

 private:
  /// Returns the rows of a flow on this device; a leaf of the graph if anything before them is trained.
  Tensor leaf_of(RowFlow& flow, int64_t& number) {
    // Copies before the graph starts: a copy within it would run backward on the writer's device.
    const auto rows = flow.rows().to(stage_.device);
    if (!flow.wanted() || !stage_.trains) return rows;
    number = leaves_++;
    return graph_.leaf(rows);
  }

  Tensor gradient_of(int64_t leaf) const { return leaf < 0 ? Tensor() : graph_.gradient(static_cast<size_t>(leaf)); }

  SentenceStage stage_;
  size_t below_reader_ = 0;
  int64_t leaves_ = 0, below_leaf_ = -1, states_leaf_ = -1;  // numbers of leaves; -1: none
  LocalGraph graph_;
  Tensor rows_;
  std::vector<Tensor> gradients_;
};

}  // namespace

std::unique_ptr<StagePass> sentence_pass(SentenceStage stage) {
  return std::make_unique<SentencePass>(std::move(stage));
}

}  // namespace seq2seq::nn
