#include "seq2seq/nn/model/attention_pass.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/model/query_rows.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Makes a piece of the incoming rows a leaf of a graph.
Tensor leaf_of(LocalGraph& graph, const Piece& piece, RowFlow& flow, c10::Device device) {
  return graph.leaf(piece.of(flow.rows()).to(device));
}

Tensor piece_of(const Tensor& reader, const Piece& piece) { return reader.defined() ? piece.of(reader) : Tensor(); }

class AttentionPass final : public StagePass {
 public:
  explicit AttentionPass(AttentionStage stage)
      : stage_(std::move(stage)),
        device_(stage_.block.place().device),
        mask_(stage_.after, stage_.target),
        parameters_(parameters_used(*stage_.block.attention())),
        gradients_() {
    const auto of_readout = parameters_used(*stage_.block.readout());
    parameters_.insert(parameters_.end(), of_readout.begin(), of_readout.end());
    gradients_.resize(parameters_.size());
    states_reader_ = stage_.states->add_reader(device_);
    rows_reader_ = stage_.rows->add_reader(device_);
    if (stage_.words) words_reader_ = stage_.words->add_reader(device_);
  }

  void forward(const Piece& piece) override {
    const at::AutoGradMode with_gradient(true);
    if (!sources_) prepare();
    Run& run = runs_.emplace_back();
    run.first_step = piece.first_step;
    run.graph.parameters(parameters_);
    const auto layout = data::chunk({stage_.target->owner, stage_.target}, piece.first_step, piece.last_step).layout;
    const Packed rows{leaf_of(run.graph, piece, *stage_.rows, device_), layout};
    const AttentionMemory memory{.keys = run.graph.leaf(sources_->memory.keys),
                                 .values = run.graph.leaf(sources_->memory.values)};
    const Packed words = stage_.words ? rows.with(leaf_of(run.graph, piece, *stage_.words, device_)) : rows;
    const QueryRows queries(*layout, *sources_, device_);
    const auto found = queries.attend(*stage_.block.attention(), memory, rows, /*wants_weights=*/false);
    run.read = queries.read_out(*stage_.block.readout(), found.context, rows, words);
    piece.of(stage_.out->rows()).copy_(run.read.detach());
    mask_.apply(piece, piece.of(stage_.out->rows()));
  }

  void backward(const Piece& piece) override {
    stage_.out->collect(piece);
    const auto& output_gradient = stage_.out->gradient();
    if (output_gradient.defined()) mask_.apply_again(piece, piece.of(output_gradient));
    const auto run = std::ranges::find(runs_, piece.first_step, &Run::first_step);
    run->graph.add_output(run->read, output_gradient.defined() ? piece.of(output_gradient) : Tensor());
    run->graph.backward();
    give(piece_of(rows_reader_, piece), run->graph.gradient(0));
    if (stage_.words) give(piece_of(words_reader_, piece), run->graph.gradient(3));
    add_each(memory_gradients_, {run->graph.gradient(1), run->graph.gradient(2)});
    add_each(gradients_, run->graph.parameter_gradients());
    run->graph = {};
    run->read.reset();
    rows_done_ += piece.rows();
    if (rows_done_ == stage_.target->rows()) finish();
  }

  void weights(const Piece&) override {}  // backward() has added them
  void deliver() override { nn::deliver(parameters_, gradients_); }

 private:
  struct Run {
    int64_t first_step = 0;
    LocalGraph graph;  // its leaves: rows, keys, values, words
    Tensor read;
  };

  void prepare() {
    prepared_.parameters(parameters_);
    const auto states = prepared_.leaf(stage_.states->rows().to(device_));
    made_ = attended_sources(*stage_.block.attention(), {states, stage_.source}, stage_.part_lengths);
    sources_ = made_;
    sources_->memory = {.keys = made_.memory.keys.detach(), .values = made_.memory.values.detach()};
  }

  /// Runs backward through prepare(), once for all pieces.
  void finish() {
    prepared_.add_output(made_.memory.keys, memory_gradients_[0]);
    prepared_.add_output(made_.memory.values, memory_gradients_[1]);
    prepared_.backward();
    give(states_reader_, prepared_.gradient(0));
    add_each(gradients_, prepared_.parameter_gradients());
    prepared_ = {};
    made_ = {};
  }

  AttentionStage stage_;
  c10::Device device_;
  StageMask mask_;
  std::vector<Tensor> parameters_, gradients_, memory_gradients_{2};
  Tensor states_reader_, rows_reader_, words_reader_;
  LocalGraph prepared_;
  AttendedSources made_;                    // in the graph of `prepared_`
  std::optional<AttendedSources> sources_;  // the same outside that graph
  std::vector<Run> runs_;
  int64_t rows_done_ = 0;
};

}  // namespace

std::unique_ptr<StagePass> attention_pass(AttentionStage stage) {
  return std::make_unique<AttentionPass>(std::move(stage));
}

}  // namespace seq2seq::nn
