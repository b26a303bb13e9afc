#pragma once

#include <vector>

#include "seq2seq/nn/recurrent/cell.h"

namespace seq2seq::config {
class Keys;
}

namespace seq2seq::nn {

/// Dropout of a recurrent layer between steps, in training only; by default none. Masks come from nn/dropout.h, so they
/// depend neither on the batch nor on the chunk.
struct RecurrentNoise {
  /// Share of the units of h' dropped before the recurrent product, the same at all steps of a sentence (Gal and
  /// Ghahramani 2016, arXiv 1512.05287, equation 7). The others are scaled up.
  double dropout = 0;
  /// Share of the units of each part of the state that keep their value at a step (Krueger et al. 2017, arXiv
  /// 1606.01305, equation 3). Outside training each unit takes the mean of its old and new value, weighted by this
  /// share, as in the paper.
  double zoneout = 0;
  /// Share of the recurrent weights dropped, the same in all sentences and at all steps of an update (Merity et al.
  /// 2017, arXiv 1708.02182, section 2). The others are scaled up.
  double weights = 0;
  /// Returns true if it changes steps with this draw; null: outside training.
  bool acts_on_steps(const Draw* draw) const { return zoneout > 0 || (draw != nullptr && dropout > 0); }
  bool drops_weights(const Draw* draw) const { return draw != nullptr && weights > 0; }
  bool acts(const Draw* draw) const { return acts_on_steps(draw) || drops_weights(draw); }
};
/// Keys `recurrent_dropout`, `zoneout` and `weight_dropout`.
void declare(config::Keys& keys, RecurrentNoise& noise);
/// As declare(), without `recurrent_dropout`.
void declare_without_recurrent_dropout(config::Keys& keys, RecurrentNoise& noise);

/// Returns the mask of a layer's recurrent weights [G, H]. `layer`: the layer's site.
at::Tensor recurrent_weight_mask(const at::Tensor& weights, double share, Site layer, const Draw& draw);

/// Input of a cell: rows in the layout of the chunk, and the state before it in sorted order.
struct NoisyRun {
  const Packed& chunk;
  const State& before;
  Site site;
  const Draw* draw = nullptr;
};

/// Runs a cell step by step with noise. The first part of the cell's state must be its output rows.
CellOutput run_with_noise(const std::shared_ptr<const Cell>& cell, const NoisyRun& run, const RecurrentNoise& noise,
                          const CellPrepared& prepared);

}  // namespace seq2seq::nn
