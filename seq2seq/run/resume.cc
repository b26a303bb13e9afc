#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/core/version.h"
#include "seq2seq/run/announce.h"
#include "seq2seq/run/auto_placement.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/finished.h"
#include "seq2seq/run/gradients.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/process_group.h"
#include "seq2seq/run/task.h"
#include "seq2seq/run/train_run.h"
#include "seq2seq/run/training.h"
#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/checkpoint_folder.h"
#include "seq2seq/train/metrics_log.h"

namespace seq2seq::run {

namespace {

std::string option_of(const std::string& key, const std::vector<config::Override>& overrides) {
  for (auto each = overrides.rbegin(); each != overrides.rend(); ++each)
    if (each->key == key || key.rfind(each->key + ".", 0) == 0) return each->option;
  return key;
}

/// Returns errors for changes that would make it a different run, with old and new values.
std::vector<Error> refused(const std::vector<config::Change>& changes, const std::vector<config::Override>& overrides) {
  std::vector<Error> faults;
  for (const auto& change : changes) {
    if (change.on_resume == config::OnResume::may_change) continue;
    faults.emplace_back(
        Place{.part = option_of(change.key, overrides)},
        fmt::format("`{}` may not change on resume: {} in the run, {} now", change.key, change.before, change.after));
  }
  return faults;
}

/// Returns the digest of a run's own configuration as this program computes it; empty if a file that it names is
/// missing.
std::string digest_now(const Configuration& configuration, const RunDescription& description) {
  try {
    return run_digest(configuration, description.data);
  } catch (const Error&) {  // an override may name the file's new place
    return {};
  }
}

void warn_if_inexact(const RunDescription& description, const std::string& digest, const SessionDescription& now,
                     Log& log) {
  // A resume that was killed while it replaced config.yaml has left the digest of the version before.
  const bool is_half_replaced = description.configurations.size() > 1;
  if (!digest.empty() && digest != description.digest && !is_half_replaced) {
    const bool may_be_edited = description.configurations.empty();
    log.warn(fmt::format(
        "this is not the computation that the run started with: {} has other contents, or another version of the "
        "program computes it differently. The parameters will differ from those of an uninterrupted run",
        may_be_edited ? "its config.yaml was edited, a file that it names" : "a file that its config.yaml names"));
  }
  if (description.sessions.empty()) return;
  const auto& before = description.sessions.back();
  auto reasons = reasons_for_inexact_resume(before.machine, now.machine);
  if (before.processes != now.processes)
    reasons.push_back(fmt::format("processes: {} before, {} now", before.processes, now.processes));
  for (const auto& reason : reasons) log.warn(reason);
  if (!reasons.empty())
    log.warn(
        "this resume is not bit-exact (see above): parameters will differ by rounding from those of an uninterrupted "
        "run");
}

/// Returns the option that names this file, as typed; empty if there is none.
std::string option_naming(const std::string& file, const std::vector<config::Override>& overrides) {
  std::error_code gone;
  for (const auto& each : overrides)
    if (each.key.starts_with("data.") && fs::absolute(each.value, gone).lexically_normal() == file) return each.option;
  return {};
}

DataDigests digests_of_text(const data::DataOptions& options, const std::vector<config::Override>& overrides) {
  try {
    return data_digests(options);
  } catch (const Error& fault) {
    const auto& file = fault.place().file;
    std::error_code unknown;
    if (file.empty() || fs::exists(file, unknown)) throw;
    if (const auto option = option_naming(file, overrides); !option.empty())
      throw UsageError(Place{.part = option}, fmt::format("{} does not exist", file), "Name the text's present place");
    throw UsageError(Place{.file = file}, "is part of the run's text, but does not exist",
                     "If the text was moved, name its new place, for example `--set data.train.source=FILE`");
  }
}

struct Checked {
  std::unique_ptr<Configuration> configuration;
  std::vector<config::Change> changes;
  std::string digest_before;  // see digest_now
};

/// Returns the configuration to continue with. Throws UsageError with every refused change.
Checked check(const RunFolder& folder, const RunDescription& description,
              const std::vector<config::Override>& overrides, const Environment& environment) {
  const auto& registries = *environment.registries;
  const auto before = read_configuration(folder.config(), {}, registries);
  // A changed key that must not change is reported before rules between keys check its new value.
  Configuration changed(registries, before->options.data.task);
  config::read_file(folder.config(), overrides, changed.keys,
                    {.rules = false, .former_folder = former_folder(folder.config())});
  const auto changes = config::compare(before->keys, changed.keys);
  auto faults = refused(changes, overrides);
  const auto& data = changed.options.data;
  for (auto& fault : different_data(description.data, digests_of_text(data, overrides), data))
    faults.push_back(std::move(fault));
  if (!faults.empty()) throw UsageError(faults);
  return {read_to_train(folder.config(), overrides, environment), changes, digest_now(*before, description)};
}

/// Throws if the run has had a checkpoint. A run that was killed before its first checkpoint starts again; a run that
/// lost its checkpoints must not.
void check_never_saved(const Files& files, const RunFolder& folder, const RunDescription& description) {
  const auto fail = [&folder](const fs::path& file, const std::string& problem) {
    throw Error(Place{.file = file.string()}, problem,
                fmt::format("Restore them from a copy, or train a new run: `seq2seq train {} --run FOLDER`",
                            shell_word(folder.config().string())));
  };
  std::error_code absent;
  const auto metrics = fs::exists(folder.metrics(), absent) ? files.read(folder.metrics()) : "";
  if (!fs::exists(folder.checkpoints(), absent) && train::has_measurements(metrics))
    fail(folder.checkpoints(), "is missing, with all checkpoints of the run");
  const bool resumed = std::any_of(description.sessions.begin(), description.sessions.end(),
                                   [](const SessionDescription& session) { return session.from_update > 0; });
  if (resumed || train::shows_checkpoint(metrics))
    fail(folder.checkpoints(), "has no checkpoint, although the run has written some");
}

/// Returns the verified checkpoint to continue from; no value for a run that was killed before its first checkpoint.
std::optional<train::TrainerState> starting_state(const RunFolder& folder, const RunDescription& description,
                                                  const std::optional<std::string>& checkpoint,
                                                  const Environment& environment) {
  const auto& files = *environment.files;
  if (checkpoint) return train::verify_checkpoint(files, folder, find_checkpoint(files, folder, *checkpoint));
  auto state = train::newest_intact_checkpoint(files, folder, *environment.log);
  if (!state) check_never_saved(files, folder, description);
  return state;
}

/// Reports what is lost by going back to a requested checkpoint, and removes the later ones. Replaces `last` first, so
/// that a killed process leaves either the old run or the new one.
void settle(const RunFolder& folder, const train::TrainerState& state, bool goes_back, const Environment& environment) {
  std::vector<int64_t> later = folder.updates();
  std::erase_if(later, [&state](int64_t update) { return update <= state.update; });
  if (goes_back && later.empty())
    environment.log->say(fmt::format("drops everything after update {}", format_count(state.update)));
  if (goes_back && !later.empty()) {
    environment.log->say(fmt::format("drops updates {} to {}, and checkpoint{} {}", format_count(state.update + 1),
                                     format_count(later.back()), later.size() == 1 ? "" : "s", fmt::join(later, ", ")));
  }
  std::error_code absent;
  if (state.best_update && !fs::exists(folder.checkpoint(*state.best_update), absent)) {
    environment.log->warn(
        fmt::format("{}: the best checkpoint is missing; until a validation improves, `best` names the last checkpoint",
                    folder.checkpoint(*state.best_update).string()));
  }
  train::name_checkpoints(*environment.files, folder, state.update, state.best_update);
  if (!goes_back) return;
  for (const auto update : later) environment.files->remove(folder.checkpoint(update));
}

/// Returns the point to continue from, as decided by rank 0: `finished`, the number of an update, or empty for a run
/// without a checkpoint.
std::string decide_start(const RunFolder& folder, const RunDescription& description, const Checked& checked,
                         const std::optional<std::string>& from_checkpoint, const Environment& environment,
                         std::optional<train::TrainerState>& state) {
  return decided(environment, [&]() -> std::string {
    train::tidy_checkpoints(*environment.files, folder);
    state = starting_state(folder, description, from_checkpoint, environment);
    if (!state) return {};
    const bool ended = finished(*state, checked.configuration->options.train, checked.changes);
    return ended ? "finished" : std::to_string(state->update);
  });
}

parallel::DistributedOptions distributed_options(const RunFolder& folder,
                                                 const std::vector<config::Override>& overrides,
                                                 const Environment& environment) {
  open_description(*environment.files, folder);  // reports first if it is not a run
  const auto configuration = configuration_for(folder.config(), overrides, *environment.registries);
  config::read_file(folder.config(), overrides, configuration->keys,
                    {.rules = false, .former_folder = former_folder(folder.config())});
  return configuration->options.distributed;
}

}  // namespace

train::Outcome resume(const std::filesystem::path& path, const std::vector<config::Override>& overrides,
                      const Environment& environment, const std::optional<std::string>& from_checkpoint) {
  const RunFolder folder(path);
  return with_process_group(
      environment, [&] { return distributed_options(folder, overrides, environment); },
      [&](const Environment& joined) { return resume_in_group(folder, overrides, joined, from_checkpoint); });
}

train::Outcome resume_in_group(const RunFolder& folder, const std::vector<config::Override>& overrides,
                               const Environment& environment, const std::optional<std::string>& from_checkpoint) {
  read_description(*environment.files, folder);  // a folder that is not a run gets no lock
  std::optional<RunLock> lock;
  if (environment.leads()) lock.emplace(folder);
  auto description = open_description(*environment.files, folder);
  const auto checked = check(folder, description, overrides, environment);
  const auto& configuration = checked.configuration;
  auto options = configuration->options;  // with the placement chosen below
  std::optional<train::TrainerState> checkpoint;
  const auto start = decide_start(folder, description, checked, from_checkpoint, environment, checkpoint);
  if (start == "finished") {
    if (!environment.leads()) return {};
    warn_of_missing_timeline(0, environment);
    return say_finished(*checkpoint, options.train, folder, environment);
  }

  const auto device = training_device(options.placement, environment);
  const auto machine = prepare_training(options.train.precision, device, environment);
  const int64_t update = start.empty() ? 0 : std::stoll(start);
  if (!start.empty()) train::check_continues(*environment.files, folder, update);
  environment.log->say(fmt::format("seq2seq {}: continuing {} at update {}", version().text(), folder.root().string(),
                                   format_count(update)));
  if (environment.leads())
    warn_if_inexact(description, checked.digest_before, session_of(machine, update, environment), *environment.log);
  const auto data = read_training_data(*configuration, environment,
                                       text_of_run(options.data, *environment.registries, folder, description));
  check_same_run(*configuration, description, data, fmt::format("update {} of a run", update), environment);
  options.placement = chosen_placement(options, data, environment);
  const auto placement = training_placement(options, *data.text, environment);
  const auto memory = forecast_memory(options, data, environment);
  warn_of_memory(*environment.log, memory);
  const auto model = build_model(options, *environment.registries, *data.text, placement);
  announce(*environment.log, options, *environment.registries, data, *model, machine, memory);
  announce_places(*environment.log, options, *environment.registries, *data.text, placement);
  if (start.empty()) {
    environment.log->say("it ended before its first checkpoint; starting again at update 0");
    set_initial_parameters(*model, options, *data.text, description.init_from, environment);
  }
  if (environment.leads()) {
    const bool moved = !former_folder(folder.config()).empty();
    if (moved || !checked.changes.empty())
      description = replace_configuration(*environment.files, folder, config::write_yaml(configuration->keys),
                                          std::move(description));
    else if (description.configurations.size() > 1)  // of a resume that was killed while it replaced the file
      description.configurations = {sha256(environment.files->read(folder.config()))};
    description.digest = run_digest(*configuration, description.data);
    description.sessions.push_back(session_of(machine, update, environment));
    description.folder = folder.absolute_root();
    write_description(*environment.files, folder, description);
    if (checkpoint) settle(folder, *checkpoint, from_checkpoint.has_value(), environment);
  }
  return run_training(options, data, *model, placement, folder, start.empty() ? std::nullopt : std::optional(update),
                      environment);
}

}  // namespace seq2seq::run
