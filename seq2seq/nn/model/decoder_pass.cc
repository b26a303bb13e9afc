#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/model/attention_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class DecoderPass final : public StagePass {
 public:
  explicit DecoderPass(DecoderStage stage)
      : stage_(std::move(stage)), parameters_(parameters_used(stage_.decoder)), gradients_(parameters_.size()) {
    states_reader_ = stage_.states->add_reader(stage_.states->place().device);
    for (const auto& flow : stage_.last) readers_.push_back(flow->add_reader());
  }

  void forward(const Piece&) override {
    const at::AutoGradMode with_gradient(true);
    graph_.parameters(parameters_);
    const auto source = stage_.source.layout->on(stage_.states->place().device);
    Memory memory{.ids = stage_.source, .states = {graph_.leaf(stage_.states->rows()), source}, .last = {}};
    for (const auto& flow : stage_.last) {
      State last;
      for (const auto& part : flow->state()) last.push_back(graph_.leaf(part));
      parts_.push_back(last.size());
      memory.last.push_back(std::move(last));
    }
    const auto state = stage_.decoder.start(memory, at::arange(memory.sentences(), at::kLong));
    rows_ = stage_.decoder.advance(stage_.inputs, *state, stage_.draw).rows;
    stage_.out->rows().copy_(rows_.detach());
  }

  void backward(const Piece& piece) override {
    stage_.out->collect(piece);
    graph_.add_output(rows_, stage_.out->gradient());
    rows_.reset();
    graph_.backward();
    give(states_reader_, graph_.gradient(0));
    size_t leaf = 1;
    for (size_t layer = 0; layer < parts_.size(); ++layer) {
      State answer;
      for (size_t part = 0; part < parts_[layer]; ++part) answer.push_back(graph_.gradient(leaf++));
      stage_.last[layer]->answer(readers_[layer], std::move(answer));
    }
    add_each(gradients_, graph_.parameter_gradients());
    graph_ = {};
  }

  void weights(const Piece&) override {}  // backward() has added them
  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  DecoderStage stage_;
  std::vector<Tensor> parameters_, gradients_;
  Tensor states_reader_;
  std::vector<size_t> readers_, parts_;  // one per layer of the encoder
  LocalGraph graph_;
  Tensor rows_;
};

}  // namespace

std::unique_ptr<StagePass> decoder_pass(DecoderStage stage) { return std::make_unique<DecoderPass>(std::move(stage)); }

}  // namespace seq2seq::nn
