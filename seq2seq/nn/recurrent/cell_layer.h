#pragma once

#include <memory>
#include <string>
#include <utility>

#include "seq2seq/nn/recurrent/cell.h"
#include "seq2seq/nn/recurrent/noise.h"

namespace seq2seq::nn {

/// A layer that is a cell.
class CellLayer : public Layer {
 public:
  Packed run(const Packed& chunk, State& state, const LayerCall& call) const override;
  StateShape state_shape() const override { return cell_->state_shape(); }
  int64_t width() const override { return cell_->width(); }
  ParameterPlace place() const override;
  std::shared_ptr<const PreparedWeights> prepare() const override;
  std::shared_ptr<const PreparedWeights> prepare_steps() const override;

 protected:
  /// To be called once, by the constructor. `name` is what messages call the layer: `an LSTM layer`.
  void set_cell(std::shared_ptr<const Cell> cell, std::string name, const RecurrentNoise& noise) {
    cell_ = std::move(cell);
    name_ = std::move(name);
    noise_ = noise;
  }
  const RecurrentNoise& noise() const { return noise_; }

 private:
  CellOutput run_noisy(const Packed& chunk, const State& before, const LayerCall& call) const;

  std::shared_ptr<const Cell> cell_;
  std::string name_;
  RecurrentNoise noise_;
};

}  // namespace seq2seq::nn
