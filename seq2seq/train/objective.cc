#include "seq2seq/train/objective.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>

#include "seq2seq/train/free_running.h"

namespace seq2seq::train {

at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                        const at::Tensor& row_scale, const nn::Draw* draw) {
  const auto memory = model.encode(batch.source, draw);
  const auto owner = at::arange(batch.sentences(), batch.source.rows.options().dtype(at::kLong));  // [B]
  const auto state = model.start(memory, owner);
  const bool forced = options.teacher_forcing == 1;
  const auto inputs = forced ? batch.inputs : decoder_inputs(model, memory, batch, options.teacher_forcing, *draw);
  const auto features = model.advance(inputs, *state, draw);
  return model.output().loss(features, batch.targets.rows,
                             {.label_smoothing = options.label_smoothing, .row_scale = row_scale, .draw = draw});
}

at::Tensor row_scale(const data::Batch& batch, double divisor, at::ScalarType type) {
  const auto& layout = *batch.targets.layout;
  auto scale = at::full({layout.rows()}, 1 / divisor, layout.owner.options().dtype(type));
  return batch.weights.defined() ? scale.mul_(batch.weights.index_select(0, layout.owner)) : scale;
}

at::Tensor weighted(const at::Tensor& losses, const data::Batch& batch) {
  if (!batch.weights.defined()) return losses;
  return losses * batch.weights.index_select(0, batch.targets.layout->owner).to(losses.options());
}

double divisor(Objective objective, int64_t sentences, int64_t target_tokens) {
  return static_cast<double>(objective == Objective::per_sentence ? sentences : target_tokens);
}

}  // namespace seq2seq::train
