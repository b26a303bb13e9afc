#include "seq2seq/train/objective.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>

#include "seq2seq/train/coverage_loss.h"
#include "seq2seq/train/free_running.h"
#include "seq2seq/train/guided_alignment.h"

namespace seq2seq::train {

LossOptions loss_options(const TrainOptions& options) {
  return {.label_smoothing = options.label_smoothing,
          .teacher_forcing = options.teacher_forcing,
          .scheduled_sampling = options.scheduled_sampling,
          .coverage = options.coverage_loss,
          .guided_alignment = options.guided_alignment};
}

at::Tensor LossParts::sum() const { return of_attention.defined() ? of_words + of_attention : of_words; }

at::Tensor token_losses(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                        const at::Tensor& row_scale, const nn::Draw* draw) {
  return loss_parts(model, batch, options, row_scale, draw).sum();
}

LossParts loss_parts(const nn::Model& model, const data::Batch& batch, const LossOptions& options,
                     const at::Tensor& row_scale, const nn::Draw* draw) {
  const auto memory = model.encode(batch.source, draw);
  const auto owner = at::arange(batch.sentences(), at::kLong);  // [B] on the CPU, as the state expects it
  const auto state = model.start(memory, owner);
  const bool guides = options.guided_alignment.weight > 0 && batch.alignment.defined();
  state->wants_attention = options.coverage > 0 || guides;
  const double share = draw == nullptr ? 1 : options.forced_share(draw->update);
  const auto inputs =
      share == 1 ? batch.inputs : decoder_inputs(model, memory, batch, share, *draw, options.scheduled_sampling.by);
  const auto features = model.advance(inputs, *state, draw);
  LossParts parts;
  parts.of_words = model.output().loss(
      features, batch.targets.rows, {.label_smoothing = options.label_smoothing, .row_scale = row_scale, .draw = draw});
  const auto add = [&parts](double weight, const at::Tensor& losses) {
    const auto more = weight * losses.to(parts.of_words.options());
    parts.of_attention = parts.of_attention.defined() ? parts.of_attention + more : more;
  };
  if (options.coverage > 0) add(options.coverage, coverage_losses(features.attention, *batch.targets.layout));
  if (guides) {
    const auto reference = batch.alignment.to(features.attention.device());
    add(options.guided_alignment.weight,
        alignment_losses(features.attention, reference, options.guided_alignment.cost));
  }
  return parts;
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
