#include "seq2seq/run/plan.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <unistd.h>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/plan/measure.h"
#include "seq2seq/parallel/plan/search.h"
#include "seq2seq/parallel/timeline/chrome_trace.h"
#include "seq2seq/parallel/timeline/svg_timeline.h"
#include "seq2seq/parallel/timeline/text_timeline.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/plan_report.h"
#include "seq2seq/run/plan_subject.h"

namespace seq2seq::run {

namespace {

constexpr int64_t columns_left = 34;  // columns of a timeline's line beside its slots

/// Returns the choice of `preset: auto` on this hardware; on a CPU, or with one device, a single place.
parallel::Plan plan_of_auto(const PlacementOptions& options, const parallel::PredictionInput& input,
                            const parallel::BatchSize& longest) {
  const auto& hardware = *input.hardware;
  const auto devices = options.devices.empty() ? hardware.device.count : std::ssize(options.devices);
  if (devices == 1 || hardware.shares_processors()) return parallel::single_plan(hardware);
  return parallel::search(input, devices, longest).front().plan;
}

void check_enough(const parallel::Layout& layout, const PlanRequest& request, const parallel::Hardware& hardware) {
  const auto used = layout.devices_used();
  if (used <= hardware.device.count) return;
  const auto others = fmt::format(
      "`--devices {}`, or another placement: `--set placement.preset=auto` finds one that fits, and "
      "`--set placement.preset=single` uses one device",
      used);
  const auto placed = fmt::format("the model is spread over {}", format_count(used, "device"));
  if (request.devices)
    throw UsageError(Place{.part = fmt::format("--devices {}", *request.devices)}, "too few: " + placed,
                     "Use " + others);
  throw UsageError(Place{.part = "placement"},
                   fmt::format("{}, but {} has {}", placed, hardware.name, hardware.device.count), "Use " + others);
}

std::string read_whole(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(Place{.file = file.string()}, "cannot be read", "Use a file that `--timeline` wrote");
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_files(const PlanRequest& request, const parallel::Prediction& prediction, const Environment& environment) {
  auto& files = *environment.files;
  if (request.trace) write_atomically(files, *request.trace, parallel::chrome_trace(prediction.timeline));
  if (!request.svg) return;
  std::vector<parallel::TitledTimeline> drawn{{"predicted", prediction.timeline}};
  if (request.measured)
    drawn.push_back({"measured", parallel::read_chrome_trace(read_whole(*request.measured),
                                                             Place{.file = request.measured->string()})});
  write_atomically(files, *request.svg, parallel::svg_timeline(drawn));
}

/// Measures this machine's processors with the configuration's model, with one process for each of them.
parallel::Hardware measured_here(const PlanRequest& request, const RunOptions& options, const PlanSubject& subject,
                                 const Environment& environment) {
  const int processors = prepare_machine(environment.threads, c10::kCPU).threads;
  std::vector<std::shared_ptr<nn::Model>> models;
  const auto any_counts = [&] { return std::vector<int64_t>(static_cast<size_t>(subject.target_words), 1); };
  for (int each = 0; each < processors; ++each) {
    models.push_back(models_of(options.model, *environment.registries)
                         .make(options.model.architecture, nn::ModelContext{.source_vocabulary = subject.source_words,
                                                                            .target_vocabulary = subject.target_words,
                                                                            .placement = on_device(c10::kCPU),
                                                                            .type = nn::parameter_type,
                                                                            .target_counts = any_counts}));
  }
  Progress progress(*environment.log, "measuring", "measurements", 0, environment.progress);
  auto hardware = parallel::measure_costs(models, batch_of(subject), [&](int done, int) { progress.update(done); });
  progress.finish();
  hardware.name = "this machine's processors";
  hardware.device.name = "cpu";
  hardware.device.count = 1;
  hardware.device.memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  write_atomically(
      *environment.files, *request.measure_costs,
      parallel::write_hardware(hardware, fmt::format("Measured by `seq2seq plan {} --measure-costs`: {} sentences "
                                                     "of {} and {} steps, {} processors.",
                                                     request.config.string(), subject.sentences, subject.source_steps,
                                                     subject.target_steps, processors)));
  environment.log->say(fmt::format("costs     {}", request.measure_costs->string()));
  return hardware;
}

parallel::Hardware hardware_of(const PlanRequest& request, const RunOptions& options, const PlanSubject& subject,
                               const Environment& environment) {
  auto hardware = request.measure_costs ? measured_here(request, options, subject, environment)
                  : request.hardware    ? parallel::read_hardware(*request.hardware)
                                        : parallel::eight_h200();
  if (request.devices) {
    hardware.device.count = *request.devices;
    hardware.name += fmt::format(" (--devices {})", *request.devices);
  }
  return hardware;
}

/// Returns `25 and 30`, for source and target; for a language model only the target.
template <class Item>
std::string of_sides(const RunOptions& options, const Item& source, const Item& target) {
  return options.data.task == data::Task::lm ? fmt::format("{}", target) : fmt::format("{} and {}", source, target);
}

std::string found_by_search(const parallel::PredictionInput& input, const parallel::BatchSize& longest,
                            const Environment& environment) {
  std::optional<Progress> progress;
  const auto ranked = parallel::search(input, input.hardware->device.count, longest, [&](size_t done, size_t all) {
    if (!progress)
      progress.emplace(*environment.log, "searching", "plans", static_cast<double>(all), environment.progress);
    progress->update(static_cast<double>(done));
  });
  progress->finish();
  return search_report(input, ranked);
}

}  // namespace

std::string plan(const PlanRequest& request, const Environment& environment) {
  const auto& registries = *environment.registries;
  const auto configuration = read_to_check(request.config, request.overrides, registries);
  const auto& options = configuration->options;
  const auto subject = plan_subject(*configuration, request.length, environment);
  const auto hardware = hardware_of(request, options, subject, environment);
  const auto placement =
      make_placement(options.placement, c10::kCPU, layers_of(options.model, registries), subject.target_words);
  const parallel::PredictionInput input{.outline = &subject.outline,
                                        .hardware = &hardware,
                                        .schedules = options.placement.schedules.get(),
                                        .precision = request.precision,
                                        .state_bytes = subject.state_bytes,
                                        .batch = batch_of(subject)};
  auto longest = input.batch;
  longest.source = longest.target = subject.longest;
  const auto plan = options.placement.preset == "auto"
                        ? plan_of_auto(options.placement, input, longest)
                        : plan_of(options.placement, placement, hardware, subject.target_words);
  check_enough(plan.layout, request, hardware);
  const auto prediction = parallel::predict(input, plan);
  double numbers = 0;
  for (const auto& each : subject.outline.stages) numbers += each.numbers;

  std::string text =
      fmt::format("model     {} parameters; words {}\n", format_count(static_cast<int64_t>(numbers)),
                  of_sides(options, format_count(subject.source_words), format_count(subject.target_words)));
  text += fmt::format("machine   {}: {} of {}, {}\n", hardware.name, hardware.device.count, hardware.device.name,
                      hardware.measured.any() ? "measured costs" : parallel::name_of(request.precision));
  text +=
      fmt::format("batch     {} of {} steps; activations of {} per side\n", format_count(subject.sentences, "sentence"),
                  of_sides(options, subject.source_steps, subject.target_steps), format_count(subject.longest, "step"));
  text += fmt::format("placement {}: {}, schedule {}, chunk {}\n", plan.name,
                      format_count(std::ssize(plan.layout.devices), "place"), plan.schedule.kind,
                      plan.chunk == 0 ? "all steps" : std::to_string(plan.chunk));
  text += memory_report(
      prediction.placed, plan.layout,
      parallel::memory_of(prediction.placed, plan.layout, longest, subject.state_bytes, request.precision), hardware);
  text += operations_report(prediction, input.batch) + border_report(prediction.placed);
  text +=
      "timeline  predicted\n" +
      parallel::text_timeline(prediction.timeline, std::max<int64_t>(40, environment.progress.columns - columns_left));
  text += update_report(prediction);
  if (plan.layout.devices.size() > 1) {
    if (input.schedules->make(plan.schedule)->cuts_steps()) text += chunk_report(input, plan);
    text += break_even_report(input, plan);
  }
  if (request.search) text += found_by_search(input, longest, environment);
  if (request.servers > 1) text += servers_report(input, plan, request.servers);
  write_files(request, prediction, environment);
  return text;
}

}  // namespace seq2seq::run
