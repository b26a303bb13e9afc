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
  double teacher_forcing = 1;  // share of the pairs, or words, for which the decoder reads the target
  ScheduledSamplingOptions scheduled_sampling{};
  /// Returns that share after this many updates.
  double forced_share(int64_t update) const { return teacher_forcing * scheduled_sampling.factor(update); }
  double coverage = 0;  // weight of coverage_losses(); needs Model::differentiates_attention() when above 0
  GuidedAlignmentOptions guided_alignment{};  // a weight above 0 needs the same
};
LossOptions loss_options(const TrainOptions& options);

/// The loss of each target word of a batch [N], given the words before it: the target's, or the model's own (see
/// free_running.h) by a share of which `draw` decides. Without `draw` it is the target's alone. The batch is on the
/// model's input device. `row_scale` [N]: the gradient that backward() will be run with, see nn::LossSpec; undefined:
/// not known.
at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                        const at::Tensor& row_scale, const nn::Draw* draw);

/// The same in parts.
struct LossParts {
  at::Tensor of_words;      // [N] of the target words, what a likelihood is made of
  at::Tensor of_attention;  // [N] coverage_losses() and alignment_losses() times their weights; undefined: none
  at::Tensor sum() const;
};
LossParts loss_parts(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                     const at::Tensor& row_scale, const nn::Draw* draw);

/// The derivative of the objective by each row's loss [N]: the weight of its pair over `divisor`.
at::Tensor row_scale(const data::Batch& batch, double divisor, at::ScalarType type);

/// Losses [N] multiplied by the weights of their pairs, where the batch has any.
at::Tensor weighted(const at::Tensor& losses, const data::Batch& batch);

/// Returns the divisor of the sum of an update's token losses; the counts cover all its batches, whatever their pairs
/// weigh.
double divisor(Objective objective, int64_t sentences, int64_t target_tokens);

}  // namespace seq2seq::train
