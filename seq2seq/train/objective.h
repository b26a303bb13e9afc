#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/options.h"

namespace seq2seq::train {

/// Input of the decoder and its expected output.
struct LossOptions {
  double label_smoothing = 0;
  double teacher_forcing = 1;  // share of the pairs, or words, that read the target
  ScheduledSamplingOptions scheduled_sampling{};
  /// Returns that share after this many updates.
  double forced_share(int64_t update) const { return teacher_forcing * scheduled_sampling.factor(update); }
  double coverage = 0;  // weight of coverage_losses(); needs Model::differentiates_attention() when above 0
  GuidedAlignmentOptions guided_alignment{};  // has the same requirement if its weight is above 0
};
LossOptions loss_options(const TrainOptions& options);

/// Returns the loss of each target word of a batch [N], given the words before it. Depending on `draw`, these are the
/// target's words or, for a share, the model's own (see free_running.h); without `draw`, the target's. The batch must
/// be on the model's input device. `row_scale` [N]: gradient with which backward() will be run, see nn::LossSpec;
/// undefined: not known.
at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                        const at::Tensor& row_scale, const nn::Draw* draw);

/// The terms of the loss.
struct LossParts {
  at::Tensor of_words;      // [N] of the target words, for a likelihood
  at::Tensor of_attention;  // [N] coverage_losses() and alignment_losses() times their weights; undefined: none
  at::Tensor sum() const;
};
LossParts loss_parts(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                     const at::Tensor& row_scale, const nn::Draw* draw);

/// Returns the derivative of the objective with respect to each row's loss [N]: the weight of its pair, divided by
/// `divisor`.
at::Tensor row_scale(const data::Batch& batch, double divisor, at::ScalarType type);

/// Returns losses [N] multiplied by the weights of their pairs, if the batch has weights.
at::Tensor weighted(const at::Tensor& losses, const data::Batch& batch);

/// Returns the divisor of the sum of an update's token losses. The counts cover all batches of the update and ignore
/// the weights of pairs.
double divisor(Objective objective, int64_t sentences, int64_t target_tokens);

}  // namespace seq2seq::train
