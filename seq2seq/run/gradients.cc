#include "seq2seq/run/gradients.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/stream_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/timeline/chrome_trace.h"

namespace seq2seq::run {

namespace {

/// Returns the device of each place.
std::vector<c10::Device> devices_of(const nn::Placement& placement) {
  std::vector<c10::Device> devices(static_cast<size_t>(placement.places()), placement.device);
  for (const auto& [name, part] : placement.parts) devices[static_cast<size_t>(part.place)] = part.device;
  for (const auto& shard : placement.output) devices[static_cast<size_t>(shard.place)] = shard.device;
  return devices;
}

std::unique_ptr<parallel::Executor> make_executor(const PlacementOptions& options, const nn::Placement& placement,
                                                  const Environment& environment) {
  const auto stalled = [log = environment.log](const std::string& message) {
    log->warn(message + "; `placement.patience` sets the time limit");
  };
  const auto devices = devices_of(placement);
  const bool on_processor = std::ranges::all_of(devices, [](c10::Device device) { return device.is_cpu(); });
  const bool per_stage = options.threads == PlacementOptions::Threads::per_stage;
  if (per_stage && !on_processor)
    throw UsageError(Place{.part = "placement.threads"}, "`per_stage` needs all places on the CPU",
                     "Use `together`: places on a GPU have their own streams");
  if (!on_processor) return std::make_unique<parallel::StreamExecutor>(devices, options.patience, stalled);
  if (!per_stage) return std::make_unique<parallel::SerialExecutor>();
  const int team = std::max(1, at::get_num_threads() / placement.places());
  return std::make_unique<parallel::ThreadedExecutor>(placement.places(), team, options.patience, stalled);
}

/// The update of a session that a timeline shows, because the first ones allocate memory.
constexpr int64_t timeline_update = 4;

/// Writes the timeline of one update of this session.
parallel::Observer timeline_writer(const Environment& environment) {
  constexpr size_t number = timeline_update;
  const auto updates = std::make_shared<std::set<int64_t>>();  // started in this session
  return {.wants =
              [updates](int64_t update) {
                if (updates->size() > number) return false;
                return updates->insert(update).second && updates->size() == number;
              },
          .take =
              [&environment](const parallel::Timeline& timeline) {
                write_atomically(*environment.files, environment.timeline, parallel::chrome_trace(timeline));
                environment.log->say(fmt::format("timeline  {}", environment.timeline.string()));
              }};
}

/// Reports that places wait for each other if layers cannot run over some of the steps.
void say_what_waits(const std::vector<nn::Stage>& stages, const parallel::Schedule& schedule, Log& log) {
  const auto needs_sentences = [](const nn::Stage& stage) {
    return stage.whole && !stage.recurrent &&
           (stage.name.starts_with("encoder.") || stage.name.starts_with("decoder."));
  };
  if (schedule.micro_batches() > 1 || std::ranges::none_of(stages, needs_sentences)) return;
  log.say(
      "places    a Transformer's layers need whole sentences, so their places wait for each other; "
      "`placement.schedule: "
      "{kind: micro_batch}` lets them work on parts of the batch at the same time");
}

/// Returns the option that prevents training in stages, or an empty string.
std::string what_is_whole(const RunOptions& options, const nn::Model& model) {
  if (options.train.coverage_loss > 0) return fmt::format("`train.coverage_loss: {}`", options.train.coverage_loss);
  if (const double weight = options.train.guided_alignment.weight; weight > 0)
    return fmt::format("`train.guided_alignment.weight: {}`", weight);
  if (model.staged() != nullptr) return {};
  return model.output().copies() ? "`model.output.kind: copy`"
                                 : fmt::format("`model.architecture: {}`", options.model.architecture.kind);
}

}  // namespace

std::unique_ptr<train::GradientSource> make_gradients(const RunOptions& options, const nn::Model& model,
                                                      const nn::Placement& placement, const Environment& environment) {
  const auto loss = train::loss_options(options.train);
  const bool observed = !environment.timeline.empty(), one_place = placement.places() == 1;
  if (one_place && !observed) return std::make_unique<train::SerialGradients>(model, loss);
  const auto* staged = model.staged();
  const auto whole = what_is_whole(options, model);
  if (!whole.empty()) {
    if (!one_place)
      environment.log->say(fmt::format("places    {} does not run in stages; the places work one at a time", whole));
    if (observed) environment.log->warn(fmt::format("`--timeline` is ignored: {} does not run in stages", whole));
    return std::make_unique<train::SerialGradients>(model, loss);
  }
  const auto& how = options.placement;
  const auto chosen = one_place ? Selection{.kind = "layer_by_layer", .options = nullptr} : how.schedule;
  const auto schedule = how.schedules->make(chosen);
  const auto cut = !schedule->cuts_steps() ? std::string()
                   : how.chunk == 0        ? ", all steps at once"
                                           : fmt::format(", chunks of {} steps", how.chunk);
  if (!one_place)
    environment.log->say(fmt::format("places    {}, schedule {}{}", placement.places(), chosen.kind, cut));
  if (!one_place) say_what_waits(staged->stages(), *schedule, *environment.log);
  return std::make_unique<parallel::PipelineGradients>(
      model, *staged, loss, schedule, how.chunk, make_executor(how, placement, environment),
      observed && environment.leads() ? timeline_writer(environment) : parallel::Observer());
}

void check_timeline(const train::TrainOptions& options, const Environment& environment) {
  if (environment.timeline.empty() || !options.updates || *options.updates >= timeline_update) return;
  throw UsageError(Place{.part = "--timeline " + environment.timeline.string()},
                   fmt::format("shows update {} of a session, but this session makes only {}", timeline_update,
                               format_count(*options.updates, "update")),
                   fmt::format("Set `train.updates` to at least {}", timeline_update));
}

void warn_of_missing_timeline(int64_t updates, const Environment& environment) {
  if (environment.timeline.empty() || updates >= timeline_update) return;
  environment.log->warn(
      fmt::format("{}: no timeline was written. It shows update {} of a session, but this session "
                  "made only {}",
                  environment.timeline.string(), timeline_update, format_count(updates, "update")));
}

}  // namespace seq2seq::run
