#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/train/gradient_source.h"
#include "seq2seq/train/options.h"
#include "seq2seq/train/team.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::train {

/// Counts and results of one update, over all ranks.
struct UpdateResult {
  bool made = false;   // false: something was not finite, and no parameter was touched
  std::string fault;   // then: what, and with which pairs
  double loss = 0;     // sum of the token losses, each times the weight of its pair
  double divisor = 1;  // what the objective divides it by
  int64_t source_tokens = 0, target_tokens = 0;
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
};

/// Makes updates: has the gradients of some batches made, clips them, and lets the optimizer step. Each rank of a team
/// makes the same update from its share of the batches.
class Updater {
 public:
  Updater(const TrainOptions& options, const Setup& setup, NamedParameters parameters);

  /// `draw` is what dropout draws from; the optimizer's learning rate is multiplied by `factor`.
  UpdateResult make(const std::vector<data::Batch>& batches, const nn::Draw& draw, double factor);
  Optimizer& optimizer() { return *optimizer_; }

 private:
  std::string pairs_at_fault(const std::vector<data::Batch>& batches, const std::vector<at::Tensor>& losses);

  const TrainOptions& options_;
  const Setup& setup_;
  Team alone_;  // where the setup names no team
  Team& team_;
  NamedParameters parameters_;
  std::shared_ptr<Optimizer> optimizer_;
  std::shared_ptr<Clip> clip_;
  std::unique_ptr<GradientSource> own_gradients_;  // where the setup names none
  GradientSource* gradients_;
};

}  // namespace seq2seq::train
