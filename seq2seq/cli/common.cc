#include "seq2seq/cli/common.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/run/ensemble.h"

namespace seq2seq::cli {

void CommonArguments::declare(Arguments& arguments, const std::string& what_set_means) {
  arguments.option("--device", device, "DEVICE",
                   "device of the whole model: cpu, cuda or cuda:N; overrides `placement` (default: cpu)");
  declare_for_text(arguments, what_set_means);
}

void CommonArguments::declare_for_text(Arguments& arguments, const std::string& what_set_means) {
  if (!what_set_means.empty()) arguments.repeatable("--set", set, "KEY=VALUE", what_set_means);
  arguments.option("--threads", threads, "N", "number of CPU threads; 0: all processors (default: 0)");
  arguments.flag("--quiet", quiet, "print only warnings and errors");
}

Log CommonArguments::log(const Context& context, const parallel::Launch& launch) const {
  return Log(*context.streams.err, quiet || launch.rank > 0 ? Log::Level::quiet : Log::Level::normal,
             launch.rank > 0 ? fmt::format("rank {}", launch.rank) : "");
}

run::Environment CommonArguments::environment(const Context& context, Log& log, const parallel::Launch& launch) const {
  constexpr int most_threads = 4096;
  run::Environment environment;
  environment.registries = context.registries;
  environment.log = &log;
  const bool gpu_of_rank = device.empty() && launch.ranks > 1 && has_gpu();
  const bool shown_one = !is_available({c10::kCUDA, 1});  // a launcher may show each rank only its own GPU
  environment.device = parse_available_device(gpu_of_rank ? fmt::format("cuda:{}", shown_one ? 0 : launch.local_rank)
                                              : device.empty() ? "cpu"
                                                               : device);
  environment.single_device = !device.empty();
  const int asked = parse_number("--threads", threads, 0, most_threads);
  if (const int here = processors({.obey_openmp = false}); asked > here)
    log.warn(fmt::format("--threads {}: only {} available to this process, and more threads than that make it slower",
                         asked, here == 1 ? "1 processor is" : fmt::format("{} processors are", here)));
  environment.threads = parallel::threads_of(launch, asked);
  environment.launch = launch;
  environment.progress.terminal = context.streams.terminal.err;
  environment.progress.columns = context.streams.terminal.columns;
  return environment;
}

std::vector<config::Override> CommonArguments::overrides() const {
  std::vector<config::Override> overrides;
  for (const auto& typed : set) overrides.push_back(config::parse_override(typed));
  return overrides;
}

void add_override(std::vector<config::Override>& overrides, const std::string& option, const std::string& key,
                  const std::optional<std::string>& value) {
  if (value) add_override(overrides, {.option = option + " " + *value, .key = key, .value = *value});
}

void add_override(std::vector<config::Override>& overrides, config::Override setting) {
  for (const auto& other : overrides) {
    if (other.key == setting.key)
      throw UsageError(Place{.part = setting.option},
                       fmt::format("`{}` is also set, by `{}`", setting.key, other.option), "Leave out one of them");
  }
  overrides.push_back(std::move(setting));
}

void RunArguments::declare(Arguments& arguments, bool searches) {
  arguments.required("RUN", folder, "folder of the run, or one of its checkpoints: RUN/checkpoints/best");
  arguments.option("--checkpoint", checkpoint, "CHECKPOINT", "best, last, or the number of an update (default: best)");
  if (searches)
    arguments.option("--beam", beam, "K", "hypotheses kept by the search; 1: greedy (default: as configured)");
  arguments.option("--placement", placement, "WHERE",
                   "run: spread the model as in its training; or a YAML file with a section `placement` (default: the "
                   "whole model on one device)");
  arguments.repeatable("--with", others, "RUN", "add another run to an ensemble; repeatable");
  arguments.option("--weights", weights, "W,W,...",
                   "weights of the runs of an ensemble, RUN's weight first (default: equal weights)");
  common.declare(arguments, searches ? "set a key of `decode`, such as decode.max_length.ratio=3; repeatable" : "");
}

run::LoadedRun RunArguments::load(const run::Environment& environment, std::vector<config::Override> more) const {
  if (placement && placement->empty()) throw UsageError(Place{.part = "--placement"}, "must be `run` or a file");
  if (placement && !common.device.empty())
    throw UsageError(Place{.part = "--placement " + *placement}, "cannot be combined with `--device`",
                     "`--device` puts the whole model on one device");
  auto overrides = common.overrides();
  add_override(overrides, "--beam", "decode.beam", beam);
  for (auto& each : more) add_override(overrides, std::move(each));
  if (weights && others.empty())
    throw UsageError(Place{.part = "--weights " + *weights}, "needs an ensemble",
                     "Add its other runs with `--with RUN`");
  const auto weight = weights ? run::parse_weights(*weights, others.size() + 1, "--weights") : std::vector<double>();
  const auto load = [&](size_t index) {
    return run::load_run(index == 0 ? folder : others[index - 1], checkpoint, overrides, environment,
                         placement.value_or(""));
  };
  return run::load_joined(others.size() + 1, load, weight);
}

void warn_of_unknown(Log& log, const run::UnknownTokens& counts, const char* side) {
  const auto text = run::describe(counts, side);
  if (!text.empty() && !log.quiet()) log.warn(text);
}

void warn_of_short(Log& log, int64_t below_minimum, int64_t outputs) {
  if (below_minimum == 0) return;
  log.warn(
      fmt::format("{} of {} {} shorter than `decode.min_length`, because the longest output for {} is shorter "
                  "(`decode.max_length`, or the longest sentence that the model writes)",
                  format_count(below_minimum), format_count(outputs, "output"), below_minimum == 1 ? "is" : "are",
                  below_minimum == 1 ? "its source" : "their sources"));
}

namespace {

/// Returns true if both paths name one file, which need not exist.
bool same_file(const std::string& one, const std::string& other) {
  std::error_code unknown;
  if (std::filesystem::equivalent(one, other, unknown) && !unknown)
    return std::filesystem::is_regular_file(one, unknown);  // two outputs may go to one terminal
  const auto path_of = [](const std::string& name) {
    std::error_code fault;
    const auto path = std::filesystem::weakly_canonical(name, fault);
    return fault ? std::filesystem::path(name) : path;
  };
  return !std::filesystem::exists(one, unknown) && path_of(one) == path_of(other);
}

}  // namespace

void check_outputs(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
  auto taken = inputs;
  for (const auto& output : outputs) {
    for (const auto& other : taken) {
      if (same_file(output.path, other.path))
        throw UsageError(Place{.part = fmt::format("{} {}", output.option, output.path)},
                         fmt::format("is also the file of `{}`", other.option), "Use two different files");
    }
    check_writable(output.path);
    taken.push_back(output);
  }
}

void check_written(const std::ostream& out) {
  if (out.good() || errno == EPIPE) return;
  throw Error(Place{.file = "<stdout>"}, "cannot be written: " + std::generic_category().message(errno));
}

}  // namespace seq2seq::cli
