#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "seq2seq/nn/recurrent/layer_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Parts of a state as leaves of a graph of their own. Not by detach(): the memory of other pieces is written later,
/// which would count as a change of this one.
State leaves(const State& state) {
  State fresh;
  for (const auto& part : state) fresh.push_back(part.variable_data().requires_grad_());
  return fresh;
}

class AutogradPass final : public LayerPass {
 public:
  AutogradPass(const Layer& layer, const std::vector<Tensor>& parameters, std::shared_ptr<const Layout> layout,
               LayerRows rows, State first, const LayerCall& call)
      : layer_(layer),
        layout_(std::move(layout)),
        rows_(std::move(rows)),
        call_{.draw = call.draw, .prepared = nullptr},
        state_(std::move(first)) {
    for (const auto& parameter : parameters) {
      if (parameter.requires_grad()) trained_.push_back(parameter);
      is_trained_.push_back(parameter.requires_grad());
    }
  }

  void forward(const Piece& piece) override {
    const at::AutoGradMode with_gradient(true);
    Graph graph{.piece = piece,
                .input = piece.of(rows_.input).variable_data().requires_grad_(),
                .before = leaves(state_),
                .output = {},
                .after = {},
                .weights = {}};
    graph.after = graph.before;
    const auto steps = data::chunk({rows_.input, layout_}, piece.first_step, piece.last_step);
    graph.output = layer_.run(steps.with(graph.input), graph.after, call_).rows;
    piece.of(rows_.output).copy_(graph.output.detach());
    state_.clear();
    for (const auto& part : graph.after) state_.push_back(part.detach());
    graphs_.push_back(std::move(graph));
  }

  State last() const override { return state_; }

  void begin_backward(const Tensor& output, const State& last) override {
    reaching_output_ = output;
    later_ = last;
    later_.resize(state_.size());
    next_ = graphs_.size();
  }

  void backward(const Piece& piece) override {
    Graph& graph = graphs_.at(--next_);
    std::vector<Tensor> outputs, reaching, inputs{graph.input};
    const auto add = [&](const Tensor& output, const Tensor& gradient) {
      if (!gradient.defined() || !output.requires_grad()) return;
      outputs.push_back(output);
      reaching.push_back(gradient);
    };
    add(graph.output, reaching_output_.defined() ? piece.of(reaching_output_) : Tensor());
    for (size_t part = 0; part < later_.size(); ++part) add(graph.after[part], later_[part]);
    inputs.insert(inputs.end(), graph.before.begin(), graph.before.end());
    inputs.insert(inputs.end(), trained_.begin(), trained_.end());
    auto found = outputs.empty() ? std::vector<Tensor>(inputs.size())
                                 : torch::autograd::grad(outputs, inputs, reaching, /*retain_graph=*/false,
                                                         /*create_graph=*/false, /*allow_unused=*/true);
    if (rows_.input_gradient.defined()) {
      auto out = piece.of(rows_.input_gradient);
      found[0].defined() ? out.copy_(found[0]) : out.zero_();
    }
    for (size_t part = 0; part < later_.size(); ++part) later_[part] = found[1 + part];
    graph.weights.assign(found.begin() + 1 + std::ssize(later_), found.end());
    graph.output.reset();  // what the graph kept is free
    graph.after.clear();
  }

  State first_gradient() const override { return later_; }

  void add_weight_gradients(const Piece& piece, std::vector<Tensor>& gradients) override {
    for (auto graph = graphs_.rbegin(); graph != graphs_.rend(); ++graph) {
      if (graph->piece.first_step < piece.first_step || graph->piece.last_step > piece.last_step) continue;
      auto found = graph->weights.begin();
      for (size_t number = 0; number < is_trained_.size() && found != graph->weights.end(); ++number) {
        if (!is_trained_[number]) continue;
        const auto& more = *found++;
        if (!more.defined()) continue;
        gradients[number].defined() ? gradients[number].add_(more) : gradients[number] = more.clone();
      }
      graph->weights.clear();
    }
  }

 private:
  struct Graph {
    Piece piece;
    Tensor input;
    State before;
    Tensor output;
    State after;
    std::vector<Tensor> weights;  // derivatives, one a trained parameter
  };

  const Layer& layer_;
  std::shared_ptr<const Layout> layout_;
  LayerRows rows_;
  LayerCall call_;
  std::vector<Tensor> trained_;
  std::vector<bool> is_trained_;
  Tensor reaching_output_;
  State state_, later_;
  std::vector<Graph> graphs_;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<LayerPass> autograd_pass(const Layer& layer, const std::vector<Tensor>& parameters,
                                         std::shared_ptr<const Layout> layout, LayerRows rows, State first,
                                         const LayerCall& call) {
  return std::make_unique<AutogradPass>(layer, parameters, std::move(layout), std::move(rows), std::move(first), call);
}

}  // namespace seq2seq::nn
