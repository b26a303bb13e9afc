#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include "seq2seq/nn/used_rows.h"
#include "seq2seq/train/gradient_norm.h"
#include "seq2seq/train/gradient_source.h"
#include "seq2seq/train/options.h"
#include "seq2seq/train/team.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::train {

/// Counts and results of one update, over all ranks.
struct UpdateResult {
  bool made = false;   // false: something was not finite, and no parameter changed
  std::string fault;   // if not made: the reason and the pairs
  double loss = 0;     // sum of the token losses, each times the weight of its pair
  double divisor = 1;  // of the loss, by the objective
  int64_t source_tokens = 0, target_tokens = 0;
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
};

/// An issued update, and its results so far.
struct IssuedUpdate {
  UpdateResult result;  // complete unless the update is late
  // Of a late update; loss and norm are still computed on the device:
  std::vector<data::Batch> batches;  // for the message, if they cause a fault
  std::vector<at::Tensor> losses;
  at::Tensor skipped;  // [] float32 on the device: 1 if the update changes nothing
  at::Tensor numbers;  // [2] float64 in pinned memory: loss and norm, valid when `ready` has occurred
  std::shared_ptr<c10::Event> ready;
  bool is_asynchronous() const { return ready != nullptr; }
};

/// Makes updates: computes the gradients of some batches, clips them, and runs a step of the optimizer. Each rank of a
/// team makes the same update from its share of the batches.
///
/// If all parameters are on GPUs and a single process trains, updates are late: nothing in them waits for a device,
/// except for output layers that compute on parts of the vocabulary (`sampled`, `noise_contrastive`, `adaptive`). The
/// device checks that loss and norm are finite; otherwise the update changes nothing. With `not_finite: stop`, later
/// updates then change nothing either.
class Updater {
 public:
  Updater(const TrainOptions& options, const Setup& setup, NamedParameters parameters);

  /// `draw`: source of dropout's random numbers. `factor` multiplies the optimizer's learning rate.
  UpdateResult make(std::vector<data::Batch> batches, const nn::Draw& draw, double factor) {
    return finish(issue(std::move(batches), draw, factor));
  }
  /// Issues an update without waiting for its result; further updates may be issued before finish().
  IssuedUpdate issue(std::vector<data::Batch> batches, const nn::Draw& draw, double factor);
  /// Returns the result of an update; waits for the numbers of a late one.
  UpdateResult finish(IssuedUpdate issued);
  Optimizer& optimizer() { return *optimizer_; }

 private:
  UpdateResult planned(const std::vector<data::Batch>& batches, double factor) const;
  std::vector<at::Tensor> gradients();
  void step_on_host(IssuedUpdate& issued, const std::vector<at::Tensor>& gradients, const ReadGradients& read);
  void step_on_device(IssuedUpdate& issued, const at::Tensor& norm);
  void note_fault(IssuedUpdate& issued);
  std::string pairs_at_fault(const std::vector<data::Batch>& batches, const std::vector<at::Tensor>& losses);

  const TrainOptions& options_;
  const Setup& setup_;
  Team alone_;  // used if the setup names no team
  Team& team_;
  NamedParameters parameters_;
  std::shared_ptr<Optimizer> optimizer_;
  std::optional<nn::UsedRowGradients> sparse_;  // if the optimizer accepts them and all parameters are on the CPU
  std::shared_ptr<Clip> clip_;
  std::unique_ptr<GradientSource> own_gradients_;  // used if the setup names none
  GradientSource* gradients_;
  bool late_ = false;
  at::Tensor stopped_;  // as `skipped`, over all updates so far; undefined: no update was late
};

}  // namespace seq2seq::train
