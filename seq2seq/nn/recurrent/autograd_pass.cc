#include <utility>

#include <ATen/core/grad_mode.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class AutogradPass final : public LayerPass {
 public:
  AutogradPass(const Layer& layer, const std::vector<Tensor>& parameters, std::shared_ptr<const Layout> layout,
               LayerRows rows, State first, const LayerCall& call)
      : layer_(layer),
        parameters_(parameters),
        layout_(std::move(layout)),
        rows_(std::move(rows)),
        call_{.draw = call.draw, .site = call.site, .prepared = nullptr},
        state_(std::move(first)) {}

  void forward(const Piece& piece) override {
    const at::AutoGradMode with_gradient(true);
    Run& run = runs_.emplace_back();
    run.piece = piece;
    run.graph.parameters(parameters_);
    const auto input = run.graph.leaf(piece.of(rows_.input));
    for (const auto& part : state_) run.after.push_back(run.graph.leaf(part));
    const auto steps = data::chunk({rows_.input, layout_}, piece.first_step, piece.last_step);
    run.output = layer_.run(steps.with(input), run.after, call_).rows;
    piece.of(rows_.output).copy_(run.output.detach());
    state_.clear();
    for (const auto& part : run.after) state_.push_back(part.detach());
  }

  State last() const override { return state_; }

  void begin_backward(const Tensor& output, const State& last) override {
    output_gradient_ = output;
    later_ = last;
    later_.resize(state_.size());
    next_ = runs_.size();
  }

  void backward(const Piece& piece) override {
    Run& run = runs_.at(--next_);
    run.graph.add_output(run.output, output_gradient_.defined() ? piece.of(output_gradient_) : Tensor());
    for (size_t part = 0; part < later_.size(); ++part) run.graph.add_output(run.after[part], later_[part]);
    run.graph.backward();
    if (rows_.input_gradient.defined()) {
      const auto& found = run.graph.gradient(0);
      auto out = piece.of(rows_.input_gradient);
      found.defined() ? out.copy_(found) : out.zero_();
    }
    for (size_t part = 0; part < later_.size(); ++part) later_[part] = run.graph.gradient(1 + part);
    run.output.reset();  // releases the graph's memory
    run.after.clear();
  }

  State first_gradient() const override { return later_; }

  void add_weight_gradients(const Piece& piece, std::vector<Tensor>& gradients) override {
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (run->piece.first_step < piece.first_step || run->piece.last_step > piece.last_step) continue;
      add_each(gradients, run->graph.parameter_gradients());
      run->graph = {};
    }
  }

 private:
  struct Run {
    Piece piece;
    LocalGraph graph;  // its leaves: the input, then the parts of the state before
    Tensor output;
    State after;
  };

  const Layer& layer_;
  std::vector<Tensor> parameters_;
  std::shared_ptr<const Layout> layout_;
  LayerRows rows_;
  LayerCall call_;
  Tensor output_gradient_;
  State state_, later_;
  std::vector<Run> runs_;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<LayerPass> autograd_pass(const Layer& layer, const std::vector<Tensor>& parameters,
                                         std::shared_ptr<const Layout> layout, LayerRows rows, State first,
                                         const LayerCall& call) {
  return std::make_unique<AutogradPass>(layer, parameters, std::move(layout), std::move(rows), std::move(first), call);
}

}  // namespace seq2seq::nn
