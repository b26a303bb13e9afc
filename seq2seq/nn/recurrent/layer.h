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
  int64_t directions = 1;  // equal shares that the width falls into: 2, forward and backward, of a bidirectional layer

  /// A copied state may come from any number of directions.
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
  /// The same for a layer's second direction: names end in `_l0_reverse`, as torch.nn.LSTM names them.
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
  int64_t input = 0;  // I: width of the rows it reads
  LayerParameters parameters;
};

/// Weights of a layer prepared for calls of few steps each, as in a search. Valid for these values of the weights only.
class PreparedWeights {
 public:
  virtual ~PreparedWeights() = default;
};

/// Inputs of a layer besides its rows and state.
struct LayerCall {
  const Draw* draw = nullptr;                 // null: nothing is dropped
  Site site{Site::Part::named};               // of what the layer itself drops, by Site::within()
  const PreparedWeights* prepared = nullptr;  // what prepare() or prepare_steps() made, or null; changes no result
};

class LayerPass;   // layer_pass.h
struct LayerRows;  // layer_pass.h

/// One layer of an encoder or decoder. Its parameters belong to the module that holds it; states go in and come out.
class Layer {
 public:
  virtual ~Layer() = default;
  /// Runs over a chunk of steps, rows [N, I] -> rows [N', W] with their own layout. `state` holds each sentence's state
  /// before the chunk and, afterwards, after its own last step in it; sentences without a row in the chunk keep theirs.
  /// Rows and state are on the layer's device.
  virtual Packed run(const Packed& chunk, State& state, const LayerCall& call) const = 0;
  virtual StateShape state_shape() const = 0;
  virtual int64_t width() const = 0;  // W: of the rows that come out
  virtual ParameterPlace place() const = 0;
  /// Returns true if a chunk must hold all steps, as for a backward direction or self-attention. A schedule waits for
  /// it, and a decoder cannot use it.
  virtual bool needs_all_steps() const { return false; }
  /// Number of passes over the rows that run side by side and store their own rows: 2 if a layer reads in both
  /// directions.
  virtual int64_t directions() const { return 1; }
  /// Null if this would save nothing.
  virtual std::shared_ptr<const PreparedWeights> prepare() const { return nullptr; }
  /// The same for many calls of one or a few steps with gradients: the weights' gradients are then computed once per
  /// backward pass, over the rows of all of these calls, not once per call. Make a new one for each batch, in the
  /// gradient mode of the calls. Null: run() needs no preparation.
  virtual std::shared_ptr<const PreparedWeights> prepare_steps() const { return nullptr; }
  /// A pass of the layer's own over a batch, without autograd; null: it has none, and autograd_pass() serves. `first`:
  /// the state before the first step, in the caller's order.
  virtual std::unique_ptr<LayerPass> pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                          const LayerCall& call) const;

  /// The state before the first step: zeros [B, width] for each part.
  State zero_state(int64_t sentences) const;
};

using LayerRegistry = Registry<Layer, const LayerContext&>;
LayerRegistry builtin_layers();  // lstm, gru, layer_norm_lstm, projected_lstm

}  // namespace seq2seq::nn
