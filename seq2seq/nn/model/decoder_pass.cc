#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/model/attention_pass.h"
#include "seq2seq/nn/stage/memory_reader.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class DecoderPass final : public StagePass {
 public:
  explicit DecoderPass(DecoderStage stage)
      : stage_(std::move(stage)),
        memory_(stage_.states, stage_.last),
        parameters_(parameters_used(stage_.decoder)),
        gradients_(parameters_.size()) {}

  void forward(const Piece&) override {
    const at::AutoGradMode with_gradient(true);
    graph_.parameters(parameters_);
    const auto memory = memory_.read(stage_.source, graph_);
    const auto state = stage_.decoder.start(memory, at::arange(memory.sentences(), at::kLong));
    rows_ = stage_.decoder.advance(stage_.inputs, *state, stage_.draw).rows;
    stage_.out->rows().copy_(rows_.detach());
  }

  void backward(const Piece& piece) override {
    stage_.out->collect(piece);
    graph_.add_output(rows_, stage_.out->gradient());
    rows_.reset();
    graph_.backward();
    memory_.answer(graph_);
    add_each(gradients_, graph_.parameter_gradients());
    graph_ = {};
  }

  void weights(const Piece&) override {}  // backward() has added them
  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  DecoderStage stage_;
  MemoryReader memory_;
  std::vector<Tensor> parameters_, gradients_;
  LocalGraph graph_;
  Tensor rows_;
};

}  // namespace

std::unique_ptr<StagePass> decoder_pass(DecoderStage stage) { return std::make_unique<DecoderPass>(std::move(stage)); }

}  // namespace seq2seq::nn
