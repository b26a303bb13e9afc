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
  bool made = false;   // false: something was not finite, and no parameter was touched
  std::string fault;   // then: what, and with which pairs
  double loss = 0;     // sum of the token losses, each times the weight of its pair
  double divisor = 1;  // what the objective divides it by
  int64_t source_tokens = 0, target_tokens = 0;
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
};

/// An update that was issued, and what is known of it.
struct IssuedUpdate {
  UpdateResult result;  // all of it, unless it is late
  // Of a late one, whose loss and norm are still on their way from the device:
  std::vector<data::Batch> batches;  // kept for the message, should they be at fault
  std::vector<at::Tensor> losses;
  at::Tensor skipped;  // [] float32 on the device: 1 where the update changes nothing
  at::Tensor numbers;  // [2] float64 in pinned memory: loss and norm, filled when `ready` has come
  std::shared_ptr<c10::Event> ready;
  bool is_late() const { return ready != nullptr; }
};

/// Makes updates: computes the gradients of some batches, clips them, and runs a step of the optimizer. Each rank of a
/// team makes the same update from its share of the batches.
///
/// If all parameters are on GPUs and one process trains, an update is late: nothing in it waits for a device. Whether
/// loss and norm are finite is decided on their device; an update where one is not changes nothing. With
/// `not_finite: stop`, neither do the updates after it.
class Updater {
 public:
  Updater(const TrainOptions& options, const Setup& setup, NamedParameters parameters);

  /// `draw` is what dropout draws from; the optimizer's learning rate is multiplied by `factor`.
  UpdateResult make(std::vector<data::Batch> batches, const nn::Draw& draw, double factor) {
    return finish(issue(std::move(batches), draw, factor));
  }
  /// Issues an update without waiting for its result; further updates may be issued before finish().
  IssuedUpdate issue(std::vector<data::Batch> batches, const nn::Draw& draw, double factor);
  /// Returns the result of an update, after waiting for the numbers of a late one.
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
  Team alone_;  // where the setup names no team
  Team& team_;
  NamedParameters parameters_;
  std::shared_ptr<Optimizer> optimizer_;
  std::optional<nn::UsedRowGradients> sparse_;  // where the optimizer takes them and all parameters are on the CPU
  std::shared_ptr<Clip> clip_;
  std::unique_ptr<GradientSource> own_gradients_;  // where the setup names none
  GradientSource* gradients_;
  bool late_ = false;
  at::Tensor stopped_;  // as `skipped`, of all updates so far; undefined: none was late
};

}  // namespace seq2seq::train
