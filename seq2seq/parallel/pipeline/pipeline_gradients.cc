#include "seq2seq/parallel/pipeline/pipeline_gradients.h"

#include <algorithm>
#include <map>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/train/free_running.h"
#include "seq2seq/train/objective.h"

namespace seq2seq::parallel {
namespace {

/// Returns the stages that share a parameter with another. Their gradients are added at the end: stages may run in
/// separate threads, and the sum needs a fixed order.
std::vector<bool> stages_that_share(const std::vector<nn::Stage>& stages) {
  std::map<const c10::TensorImpl*, int> users;
  for (const auto& stage : stages)
    for (const auto& parameter : stage.parameters) ++users[parameter.unsafeGetTensorImpl()];
  std::vector<bool> shares;
  for (const auto& stage : stages)
    shares.push_back(std::ranges::any_of(
        stage.parameters, [&](const auto& parameter) { return users[parameter.unsafeGetTensorImpl()] > 1; }));
  return shares;
}

BatchShape shape_of(const data::Batch& batch) {
  return {.source = batch.source.layout->running, .target = batch.inputs.layout->running};
}

}  // namespace

/// A micro-batch in progress.
struct PipelineGradients::Part {
  data::Batch batch;
  at::Tensor target_rows;
  nn::StagedBatch staged;
};

PipelineGradients::PipelineGradients(const nn::Model& model, const nn::StagedModel& staged,
                                     const train::LossOptions& options, std::shared_ptr<const Schedule> schedule,
                                     int64_t chunk, std::unique_ptr<Executor> executor, Observer observer)
    : model_(model),
      staged_(staged),
      stages_(staged.stages()),
      shares_(stages_that_share(stages_)),
      options_(options),
      schedule_(std::move(schedule)),
      chunk_(chunk),
      executor_(std::move(executor)),
      observer_(std::move(observer)) {}

std::vector<at::Tensor> PipelineGradients::accumulate(const std::vector<data::Batch>& batches, double divisor,
                                                      const nn::Draw& draw) {
  const at::NoGradGuard by_hand;
  std::vector<at::Tensor> losses;
  size_t last = batches.size();  // the batch after which gradients are complete
  for (size_t number = 0; number < batches.size(); ++number)
    if (batches[number].sentences() > 0) last = number;
  for (size_t number = 0; number < batches.size(); ++number) {
    const auto& batch = batches[number];
    losses.push_back(batch.sentences() == 0 ? at::zeros({0}) : run(batch, divisor, draw, number == last));
  }
  return losses;
}

at::Tensor PipelineGradients::run(const data::Batch& batch, double divisor, const nn::Draw& draw, bool is_last) {
  std::vector<Part> parts;
  std::vector<BatchShape> shapes;
  for (const auto& part : split_batch(batch, schedule_->micro_batches())) {
    parts.push_back(begin(part, divisor, draw));
    shapes.push_back(shape_of(parts.back().batch));
  }
  run_jobs(make_jobs(stages_, shapes, {.chunk = schedule_->cuts_steps() ? chunk_ : 0}), parts,
           {.timeline = observer_.wants && observer_.wants(draw.update),
            .ready = is_last && ready() && executor_->works_at_once()});
  at::Tensor losses = parts.front().staged.losses;
  if (parts.front().target_rows.defined()) {
    losses = at::empty({batch.target_tokens()}, losses.options());
    for (const auto& part : parts) losses.index_copy_(0, part.target_rows.to(losses.device()), part.staged.losses);
  }
  return train::weighted(losses, batch);
}

PipelineGradients::Part PipelineGradients::begin(const BatchPart& part, double divisor, const nn::Draw& draw) const {
  Part begun{.batch = data::to(part.batch, model_.input_device()), .target_rows = part.target_rows, .staged = {}};
  const auto& batch = begun.batch;
  data::Packed inputs = batch.inputs;
  if (const double share = options_.forced_share(draw.update); share < 1) {
    const auto memory = model_.encode(batch.source, &draw);
    inputs = train::decoder_inputs(model_, memory, batch, share, draw, options_.scheduled_sampling.by);
  }
  begun.staged =
      staged_.begin({.source = batch.source,
                     .inputs = inputs,
                     .targets = batch.targets.rows,
                     .spec = {.label_smoothing = options_.label_smoothing,
                              .row_scale = train::row_scale(batch, divisor, model_.parameters().front().scalar_type()),
                              .draw = &draw},
                     .draw = &draw});
  return begun;
}

void PipelineGradients::run_jobs(const JobGraph& graph, std::vector<Part>& parts, const Reports& reports) {
  // Steps of a stage with derivatives still to be computed, by part and stage; only the stage's place changes them.
  std::vector<std::vector<int64_t>> left(parts.size(), std::vector<int64_t>(stages_.size(), 0));
  for (const auto& job : graph.jobs)
    if (job.kind == Job::Kind::backward)
      left[static_cast<size_t>(job.micro_batch)][static_cast<size_t>(job.stage)] += job.piece.steps();
  std::vector<size_t> delivered(stages_.size(), 0);  // parts, by stage
  const auto work = [&](int64_t number) {
    const at::NoGradGuard by_hand;
    const auto& job = graph.jobs[static_cast<size_t>(number)];
    const auto part = static_cast<size_t>(job.micro_batch), stage = static_cast<size_t>(job.stage);
    auto& pass = *parts[part].staged.passes[stage];
    if (job.kind == Job::Kind::forward) return pass.forward(job.piece);
    if (job.kind == Job::Kind::backward) pass.backward(job.piece);
    if (job.kind == Job::Kind::backward && stages_[stage].defers_weights) return;
    pass.weights(job.piece);
    left[part][stage] -= job.piece.steps();
    if (left[part][stage] > 0 || shares_[stage]) return;
    pass.deliver();
    if (reports.ready && ++delivered[stage] == parts.size()) announce(stages_[stage]);
  };
  Timeline timeline;
  JobEnded ended;
  if (reports.timeline)
    ended = [&](int64_t number, double start, double end) {
      const auto& job = graph.jobs[static_cast<size_t>(number)];
      timeline.entries.push_back({.stage = stages_[static_cast<size_t>(job.stage)].name,
                                  .kind = job.kind,
                                  .place = job.place,
                                  .micro_batch = job.micro_batch,
                                  .first_step = job.piece.first_step,
                                  .last_step = job.piece.last_step,
                                  .start = start,
                                  .end = end});
      timeline.seconds = std::max(timeline.seconds, end);
    };
  executor_->run(graph, schedule_->order(graph), work, ended);
  for (size_t part = 0; part < parts.size(); ++part)
    for (size_t stage = 0; stage < stages_.size(); ++stage)
      if (shares_[stage]) parts[part].staged.passes[stage]->deliver();
  if (!reports.timeline) return;
  timeline.places.resize(static_cast<size_t>(graph.places));
  for (const auto& stage : stages_) timeline.places[static_cast<size_t>(stage.place)] = stage.device.str();
  observer_.take(timeline);
}

void PipelineGradients::announce(const nn::Stage& stage) {
  const std::lock_guard one_at_a_time(announcing_);
  for (const auto& parameter : stage.parameters)
    if (parameter.requires_grad() && parameter.grad().defined()) ready()(parameter);
}

}  // namespace seq2seq::parallel
