#pragma once

#include <vector>

#include "seq2seq/nn/recurrent/cell.h"

namespace seq2seq::config {
class Keys;
}

namespace seq2seq::nn {

/// Dropout of a recurrent layer between steps, in training only; none by default. Drawn by nn/dropout.h, so that it
/// depends on neither batch nor chunk.
struct RecurrentNoise {
  /// Share of the units of h' that are dropped before the recurrent product, the same at all steps of a sentence (Gal
  /// and Ghahramani 2016, arXiv 1512.05287, equation 7). The others are scaled up.
  double dropout = 0;
  /// Share of the units of every part of the state that keep their value at a step (Krueger et al. 2017, arXiv
  /// 1606.01305, equation 3). Without training each takes the mean of both values, as in the paper.
  double zoneout = 0;
  /// Share of the recurrent weights dropped, the same in all sentences and at all steps of an update (Merity et al.
  /// 2017, arXiv 1708.02182, section 2). The others are scaled up.
  double weights = 0;
  /// Returns true if it changes steps with this draw; null: outside of training.
  bool acts_on_steps(const Draw* draw) const { return zoneout > 0 || (draw != nullptr && dropout > 0); }
  bool drops_weights(const Draw* draw) const { return draw != nullptr && weights > 0; }
  bool acts(const Draw* draw) const { return acts_on_steps(draw) || drops_weights(draw); }
};
/// Keys `recurrent_dropout`, `zoneout` and `weight_dropout`.
void declare(config::Keys& keys, RecurrentNoise& noise);
/// The same without the first.
void declare_without_recurrent_dropout(config::Keys& keys, RecurrentNoise& noise);

/// The mask of recurrent weights [G, H] of a layer with this site.
at::Tensor recurrent_weight_mask(const at::Tensor& weights, double share, Site layer, const Draw& draw);

/// Input of a cell: rows in the layout of the chunk, and the state before it in sorted order.
struct NoisyRun {
  const Packed& chunk;
  const State& before;
  Site site;
  const Draw* draw = nullptr;
};

/// Runs a cell step by step with noise. The first part of its state must be the rows that it gives.
CellOutput run_with_noise(const std::shared_ptr<const Cell>& cell, const NoisyRun& run, const RecurrentNoise& noise,
                          const CellPrepared& prepared);

}  // namespace seq2seq::nn
