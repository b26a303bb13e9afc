#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// State of a layer between steps, sentences first, in the caller's order. LSTM: h [B, H] and c [B, H].
using State = std::vector<at::Tensor>;

/// One tensor of a layer's state: {"h", 1000}. Two layers may exchange states only if all parts agree.
struct StatePart {
  std::string name;
  int64_t width = 0;
  int64_t directions = 1;  // equal shares of the width: 2, forward and backward, if bidirectional

  /// Ignores `directions`: a copied state may come from any number of directions.
  bool operator==(const StatePart& other) const { return name == other.name && width == other.width; }
};
using StateShape = std::vector<StatePart>;

/// Registers the parameters of one layer with the module that holds it.
class LayerParameters {
 public:
  /// `suffix` is appended to every name: `_l0`, as torch.nn.LSTM names its layers.
  LayerParameters(Module& owner, std::string suffix, const ParameterPlace& place)
      : owner_(&owner), suffix_(std::move(suffix)), place_(place) {}
  at::Tensor add(const std::string& name, at::IntArrayRef shape, const Role& role) const {
    added_->push_back(owner_->add_parameter(name + suffix_, shape, role, place_));
    return added_->back();
  }
  /// As this object, for a layer's second direction: names end in `_l0_reverse`, as torch.nn.LSTM names them.
  LayerParameters reversed() const {
    auto other = *this;
    other.suffix_ += "_reverse";
    return other;
  }
  const ParameterPlace& place() const { return place_; }
  /// Returns all added parameters in their order, including those of the second direction.
  const std::vector<at::Tensor>& added() const { return *added_; }

 private:
  Module* owner_;
  std::string suffix_;
  ParameterPlace place_;
  std::shared_ptr<std::vector<at::Tensor>> added_ = std::make_shared<std::vector<at::Tensor>>();
};

/// Properties of the stack that a layer needs.
struct LayerContext {
  int64_t input = 0;  // I: width of its input rows
  LayerParameters parameters;
};

/// Weights of a layer prepared for calls of few steps each, as in a search. Valid until the weights change.
class PreparedWeights {
 public:
  virtual ~PreparedWeights() = default;
};

/// Inputs of a layer besides its rows and state.
struct LayerCall {
  const Draw* draw = nullptr;                 // null: nothing is dropped
  Site site{Site::Part::named};               // for dropout within the layer, by Site::within()
  const PreparedWeights* prepared = nullptr;  // from prepare() or prepare_steps(), or null; does not change results
};

class LayerPass;   // layer_pass.h
struct LayerRows;  // layer_pass.h

/// One layer of an encoder or decoder. Its parameters belong to the module that holds it; states go in and come out.
class Layer {
 public:
  virtual ~Layer() = default;
  /// Runs over a chunk of steps, rows [N, I] -> rows [N', W] with their own layout. `state` is each sentence's state
  /// before the chunk; run() replaces it by the state after the sentence's own last step in the chunk. Sentences
  /// without a row in the chunk keep their state. Rows and state are on the layer's device.
  virtual Packed run(const Packed& chunk, State& state, const LayerCall& call) const = 0;
  virtual StateShape state_shape() const = 0;
  virtual int64_t width() const = 0;  // W: of the output rows
  virtual ParameterPlace place() const = 0;
  /// Returns true if a chunk must hold all steps, as for a backward direction or self-attention. A schedule waits for
  /// it, and a decoder cannot use it.
  virtual bool needs_all_steps() const { return false; }
  /// Number of passes over the rows that run side by side and each store their own rows: 2 if a layer reads in both
  /// directions.
  virtual int64_t directions() const { return 1; }
  /// Prepares the weights for many calls. Null if that saves nothing.
  virtual std::shared_ptr<const PreparedWeights> prepare() const { return nullptr; }
  /// As prepare(), for many calls of one or a few steps with gradients: the weights' gradients are then computed once
  /// per backward pass, over the rows of all these calls, not once per call. Make a new one for each batch, in the
  /// gradient mode of the calls. Null if run() needs no preparation.
  virtual std::shared_ptr<const PreparedWeights> prepare_steps() const { return nullptr; }
  /// Returns the layer's own pass over a batch, without autograd; null if it has none, so that autograd_pass() must be
  /// used. `first`: the state before the first step, in the caller's order.
  virtual std::unique_ptr<LayerPass> pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                          const LayerCall& call) const;

  /// Returns the state before the first step: zeros [B, width] for each part.
  State zero_state(int64_t sentences) const;
};

using LayerRegistry = Registry<Layer, const LayerContext&>;
LayerRegistry builtin_layers();  // lstm, gru, layer_norm_lstm, projected_lstm

}  // namespace seq2seq::nn
