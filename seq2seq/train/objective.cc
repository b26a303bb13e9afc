#include "seq2seq/train/objective.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/index_select.h>

namespace seq2seq::train {

at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, double label_smoothing,
                        const nn::Draw* draw) {
  const auto memory = model.encode(batch.source, draw);
  const auto owner = at::arange(batch.sentences(), batch.source.rows.options().dtype(at::kLong));  // [B]
  const auto state = model.start(memory, owner);
  const auto features = model.advance(batch.inputs, *state, draw);  // [N, H]
  return model.output().loss(features.rows, batch.targets.rows.to(features.rows.device()), label_smoothing);
}

at::Tensor weighted(const at::Tensor& losses, const data::Batch& batch) {
  if (!batch.weights.defined()) return losses;
  return losses * batch.weights.index_select(0, batch.targets.layout->owner).to(losses.options());
}

double divisor(Objective objective, int64_t sentences, int64_t target_tokens) {
  return static_cast<double>(objective == Objective::per_sentence ? sentences : target_tokens);
}

}  // namespace seq2seq::train
