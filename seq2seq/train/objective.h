#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/dropout.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/options.h"

namespace seq2seq::train {

/// The loss of each target word of a batch [N], given the words before it. The batch lies on the model's input device.
at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, double label_smoothing, const nn::Draw* draw);

/// Losses [N] multiplied by the weights of their pairs, where the batch has any.
at::Tensor weighted(const at::Tensor& losses, const data::Batch& batch);

/// What an update divides the sum of its token losses by; the counts are those of all its batches together,
/// whatever their pairs weigh.
double divisor(Objective objective, int64_t sentences, int64_t target_tokens);

}  // namespace seq2seq::train
