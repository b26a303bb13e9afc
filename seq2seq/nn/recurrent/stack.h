#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/recurrent/layer.h"

namespace seq2seq::nn {

/// Layers of one kind: `{kind: lstm, layers: 4, cells: 1000}`. All other keys belong to the kind.
struct StackOptions {
  std::shared_ptr<const LayerRegistry> kinds = std::make_shared<LayerRegistry>(builtin_layers());
  Selection layer{.kind = "lstm", .options = nullptr};
  int64_t layers = 1;
  int64_t residual_from = 0;  // this layer and those above it, counted from 1, add their input; 0: none does
  double layer_dropout = 0;   // share of the updates in which such a layer returns its input unchanged
};
void declare(config::Keys& keys, StackOptions& options);

/// Properties of the model that a stack needs.
struct StackContext {
  int64_t input = 0;          // width of the rows the first layer reads
  int64_t beside = 0;         // width of each higher layer's input beside the rows of the layer below
  int64_t bidirectional = 0;  // number of layers, from the first on, that run in both directions (bidirectional.h)
  std::function<ParameterPlace(int64_t layer)> place = [](int64_t) { return ParameterPlace(); };
};

/// Inputs that a stack passes to its layers, and its dropout between them.
struct StackCall {
  double dropout = 0;  // share dropped between two layers, not before the first nor after the last
  Site::Part part = Site::Part::encoder_layer;
  bool variational = false;  // true if all steps of a sentence share a mask (Gal and Ghahramani 2016)
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
  /// before dropout of either. The layer's state is not changed.
  bool adds_input(int64_t layer) const { return residual_from_ > 0 && layer + 1 >= residual_from_; }
  /// Returns true if a residual layer returns only its input in this update (stochastic depth: Huang et al. 2016, arXiv
  /// 1603.09382; LayerDrop: Fan et al. 2019, arXiv 1909.11556). Its state still changes at each step. Nothing is
  /// scaled, as in the latter. `site`: the layer's.
  bool drops_layer(int64_t layer, Site site, const Draw* draw) const;
  /// A layer's parameters, in order of registration.
  const std::vector<at::Tensor>& parameters_of(int64_t layer) const {
    return parameters_.at(static_cast<size_t>(layer)).added();
  }
  int64_t width() const { return layers_.back()->width(); }  // of the output rows
  std::vector<StateShape> state_shapes() const;              // one per layer
  bool needs_all_steps() const;                              // true if any layer does

  std::vector<State> zero_states(int64_t sentences) const;
  std::vector<std::shared_ptr<const PreparedWeights>> prepare() const;
  /// Runs one layer, with the dropout before it. `input`: the rows of the layer below, and the columns beside them.
  Packed run_layer(int64_t layer, const Packed& input, State& state, const StackCall& call) const;
  /// For many runs of one or a few steps each with gradients: see Layer::prepare_steps().
  std::vector<std::shared_ptr<const PreparedWeights>> prepare_steps() const;
  /// Runs all layers in order. `states`: one per layer.
  Packed run(const Packed& input, std::vector<State>& states, const StackCall& call = {}) const;

 private:
  int64_t residual_from_;
  double layer_dropout_;
  std::vector<std::shared_ptr<Layer>> layers_;
  std::vector<LayerParameters> parameters_;  // one per layer
};

/// The kinds that a decoder chooses from: one entry for each kind of layer, under its name.
using StackRegistry = Registry<Stack, const StackContext&>;
StackRegistry stacks_of(const std::shared_ptr<const LayerRegistry>& layers);

}  // namespace seq2seq::nn
