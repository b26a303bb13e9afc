#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "seq2seq/nn/recurrent/cell.h"
#include "seq2seq/nn/recurrent/noise.h"

namespace seq2seq::nn {

/// A cell, and the recurrent weights [G, H] used to make it.
struct CellOfWeights {
  std::function<std::shared_ptr<const Cell>(const at::Tensor& hidden)> make;
  at::Tensor hidden;
};

/// A layer that consists of a cell.
class CellLayer : public Layer {
 public:
  Packed run(const Packed& chunk, State& state, const LayerCall& call) const override;
  StateShape state_shape() const override { return cell_->state_shape(); }
  int64_t width() const override { return cell_->width(); }
  ParameterPlace place() const override;
  std::shared_ptr<const PreparedWeights> prepare() const override;
  std::shared_ptr<const PreparedWeights> prepare_steps() const override;

 protected:
  /// The constructor must call it once. `name` is the layer's name in messages: `an LSTM layer`.
  void set_cell(CellOfWeights cell, std::string name, const RecurrentNoise& noise) {
    cell_ = cell.make(cell.hidden);
    of_weights_ = std::move(cell);
    name_ = std::move(name);
    noise_ = noise;
  }
  const RecurrentNoise& noise() const { return noise_; }

 private:
  std::shared_ptr<const DroppedCell> dropped_cell(const LayerCall& call) const;

  std::shared_ptr<const Cell> cell_;
  CellOfWeights of_weights_;
  std::string name_;
  RecurrentNoise noise_;
};

}  // namespace seq2seq::nn
