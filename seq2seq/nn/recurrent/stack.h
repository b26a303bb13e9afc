#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// Layers of one kind: `{kind: lstm, layers: 4, cells: 1000}`. Keys that are not `layers` are those of the kind.
struct StackOptions {
  std::shared_ptr<const LayerRegistry> kinds = std::make_shared<LayerRegistry>(builtin_layers());
  Selection layer{.kind = "lstm", .options = nullptr};
  int64_t layers = 1;
  int64_t residual_from = 0;  // layers this one, the next, ..., counted from 1, add what they read; 0: none does
  double layer_dropout = 0;   // share of the updates in which each of these gives what it reads, as it is
};
void declare(config::Keys& keys, StackOptions& options);

/// Properties of the model that a stack needs.
struct StackContext {
  int64_t input = 0;          // width of the rows the first layer reads
  int64_t beside = 0;         // width of what each layer above it reads beside the rows of the layer below
  int64_t bidirectional = 0;  // how many layers, from the first on, run in both directions (bidirectional.h)
  std::function<ParameterPlace(int64_t layer)> place = [](int64_t) { return ParameterPlace(); };
};

/// Inputs that a stack passes to its layers, and its dropout between them.
struct StackCall {
  double dropout = 0;  // share dropped of what passes between two layers, not before the first nor after the last
  Site::Part part = Site::Part::encoder_layer;
  bool variational = false;  // whether each mask is the same at all steps of a sentence (Gal and Ghahramani 2016)
  const Draw* draw = nullptr;
  const std::vector<std::shared_ptr<const PreparedWeights>>* prepared = nullptr;  // one per layer
};

/// Layers one above the other. Stores only parameters; states are passed in and returned.
class Stack final : public Module {
 public:
  using Options = StackOptions;
  /// Throws UsageError if a layer would add rows of a different width.
  Stack(const Options& options, const StackContext& context);

  int64_t layers() const { return std::ssize(layers_); }
  const Layer& layer(int64_t number) const { return *layers_.at(static_cast<size_t>(number)); }
  /// Returns true if a layer adds its input rows to its output rows (Wu et al. 2016, arXiv 1609.08144, equation 6):
  /// before dropout of either. The layer's state stays its own.
  bool adds_input(int64_t layer) const { return residual_from_ > 0 && layer + 1 >= residual_from_; }
  /// Returns true if a residual layer gives its input alone in this update (stochastic depth: Huang et al. 2016,
  /// arXiv 1603.09382; LayerDrop: Fan et al. 2019, arXiv 1909.11556). Its state still changes at each step. Nothing is
  /// scaled, as in the latter. `site`: the layer's.
  bool leaves_out(int64_t layer, Site site, const Draw* draw) const;
  /// A layer's parameters, in order of registration.
  const std::vector<at::Tensor>& parameters_of(int64_t layer) const {
    return parameters_.at(static_cast<size_t>(layer)).added();
  }
  int64_t width() const { return layers_.back()->width(); }  // of the rows that come out
  std::vector<StateShape> state_shapes() const;              // one per layer
  bool needs_all_steps() const;                              // whether any layer does

  std::vector<State> zero_states(int64_t sentences) const;
  std::vector<std::shared_ptr<const PreparedWeights>> prepare() const;
  /// One layer, with the dropout before it. `input`: the rows of the layer below, and what lies beside them.
  Packed run_layer(int64_t layer, const Packed& input, State& state, const StackCall& call) const;
  /// For many runs of a step or a few each while gradients are kept: see Layer::prepare_steps().
  std::vector<std::shared_ptr<const PreparedWeights>> prepare_steps() const;
  /// All layers in order. `states`: one per layer.
  Packed run(const Packed& input, std::vector<State>& states, const StackCall& call = {}) const;

 private:
  int64_t residual_from_;
  double layer_dropout_;
  std::vector<std::shared_ptr<Layer>> layers_;
  std::vector<LayerParameters> parameters_;  // one per layer
};

/// One entry for each kind of layer, under its name: what a decoder chooses from.
using StackRegistry = Registry<Stack, const StackContext&>;
StackRegistry stacks_of(const std::shared_ptr<const LayerRegistry>& layers);

}  // namespace seq2seq::nn
