#include <optional>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/available_memory.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/core/version.h"
#include "seq2seq/run/announce.h"
#include "seq2seq/run/auto_placement.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/gradients.h"
#include "seq2seq/run/inherited_text.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/run/numerics.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/process_group.h"
#include "seq2seq/run/target_counts.h"
#include "seq2seq/run/train_run.h"
#include "seq2seq/run/training.h"

namespace seq2seq::run {

namespace {

/// Throws unless the folder is free: a run needs its own folder, and existing contents are never overwritten.
void check_free(const RunFolder& folder) {
  const Place place{.file = folder.root().string()};
  if (folder.holds_run()) {
    throw Error(place, "already contains a run",
                fmt::format("Continue it with `seq2seq train --resume {}`, or use another folder with `--run`",
                            shell_word(folder.root().string())));
  }
  std::error_code absent;
  if (fs::exists(folder.root(), absent) && !fs::is_directory(folder.root(), absent))
    throw Error(place, "is a file; expected a folder", "Use another path with `--run`");
  for (const auto& entry : fs::directory_iterator(folder.root(), absent)) {
    if (entry.path().filename() == "lock") continue;  // left by a failed start
    throw Error(place,
                fmt::format("is neither empty nor a run folder (it contains `{}`)", entry.path().filename().string()),
                "Use another folder with `--run`");
  }
}

RunDescription describe(const Configuration& configuration, const DataDigests& data, const data::TextPipeline& text,
                        const nn::Model& model, const Machine& machine, const Environment& environment) {
  const auto& program = version();
  RunDescription description{.program = program.number,
                             .commit = program.commit,
                             .dirty = program.dirty,
                             .created = {},
                             .seed = configuration.options.seed,
                             .numerics = numerics,
                             .digest = run_digest(configuration, data),
                             .configurations = {sha256(config::write_yaml(configuration.keys))},
                             .data = data,
                             .source = mark_of(text.source_vocabulary(), text.models().source),
                             .target = mark_of(text.target_vocabulary(), text.models().target),
                             .factors = marks_of(text.source().factors()),
                             .parameters = model.part_sizes(),
                             .init_from = {},
                             .sessions = {session_of(machine, 0, environment)}};
  description.created = description.sessions.front().started;
  if (const auto& counts = text.target_counts(); !counts.empty())
    description.target_counts = sha256(counts_text(counts, text.target_vocabulary()));
  return description;
}

/// Writes the description last, because it makes the folder a run. A failure leaves the folder empty, so that the user
/// can try again.
void write_run(Files& files, const RunFolder& folder, const Configuration& configuration,
               const data::TextPipeline& text, const RunDescription& description) {
  try {
    files.make_folder(folder.checkpoints());  // a run without this folder has lost its checkpoints
    write_atomically(files, folder.config(), config::write_yaml(configuration.keys));
    write_vocabularies(files, folder, text);
    write_description(files, folder, description);
  } catch (...) {
    std::vector<fs::path> written{folder.description(),       folder.checkpoints(),       folder.config(),
                                  folder.source_vocabulary(), folder.target_vocabulary(), folder.source_tokenizer(),
                                  folder.target_tokenizer(),  folder.target_counts()};
    for (int64_t factor = 1; factor <= std::ssize(text.source().factors()); ++factor)
      written.push_back(folder.factor_vocabulary(factor));
    for (const auto& file : written) {
      try {
        files.remove(file);
      } catch (const Error&) {  // report the first error instead
      }
    }
    throw;
  }
}

/// Returns true if the folder has a run of this configuration that was started by the current launch: its launcher has
/// restarted the processes.
bool begun_by_this_launch(const RunFolder& folder, const Configuration& configuration, const Environment& environment) {
  if (environment.launch.id.empty() || !folder.holds_run()) return false;
  const auto description = read_description(*environment.files, folder);
  if (description.sessions.empty() || description.sessions.front().launch != environment.launch.id) return false;
  const auto before = read_configuration(folder.config(), {}, *environment.registries);
  return config::compare(before->keys, configuration.keys).empty();
}

train::Outcome train_configuration(const NewRun& request, const Configuration& configuration,
                                   const Environment& environment) {
  const RunFolder folder(request.folder);
  const auto again = decided(environment, [&] {
    if (begun_by_this_launch(folder, configuration, environment)) return "again";
    check_free(folder);
    check_folder_writable(folder.root());
    return "";
  });
  if (!again.empty()) return resume_in_group(folder, {}, environment, {});
  auto options = configuration.options;  // with the placement chosen below
  check_timeline(options.train, environment);
  const auto device = training_device(options.placement, environment);
  const auto machine = prepare_training(options.train.precision, device, environment);
  const auto data = read_text_of_new_run(request, configuration, environment);
  options.placement = chosen_placement(options, data, environment);
  const auto placement = training_placement(options, *data.text, environment);
  const auto memory = forecast_memory(options, data, environment);
  warn_of_memory(*environment.log, memory);
  const auto model = build_model(options, *environment.registries, *data.text, placement);
  auto description =
      describe(configuration, data_digests(options.data, data.train_digest), *data.text, *model, machine, environment);
  description.folder = folder.absolute_root();
  if (request.init_from)
    description.init_from = find_initial_weights(*request.init_from, options.data.task, environment);
  check_same_run(configuration, description, data,
                 description.init_from ? "the weights with SHA-256 " + description.init_from->sha256 : "a new run",
                 environment);
  // Reports errors in the language model for validations before the run starts.
  if (data.validation && need_outputs(options.train.validate.metrics))
    load_language_model(options, *data.text, environment);

  environment.log->say(fmt::format("seq2seq {}: a new run in {}", version().text(), folder.root().string()));
  announce(*environment.log, options, *environment.registries, data, *model, machine, memory);
  announce_places(*environment.log, options, *environment.registries, *data.text, placement);
  set_initial_parameters(*model, options, *data.text, description.init_from, environment);

  std::optional<RunLock> lock;
  if (environment.leads()) {
    environment.files->make_folder(folder.root());
    lock.emplace(folder);
    check_free(folder);  // again, now that no other run can start
    write_run(*environment.files, folder, configuration, *data.text, description);
  }
  return run_training(options, data, *model, placement, folder, {}, environment);
}

}  // namespace

std::vector<std::string> explain_training(const NewRun& request, const Environment& environment) {
  const auto configuration = read_to_train(request.config, request.overrides, environment);
  const auto& options = configuration->options;
  const auto device = training_device(options.placement, environment);
  const auto machine = prepare_training(options.train.precision, device, environment);
  const auto data = read_text_of_new_run(request, *configuration, environment);
  const auto memory = forecast_memory(options, data, environment);
  warn_of_memory(*environment.log, memory);
  const auto model = outline(options.model, *environment.registries, *data.text);
  announce(*environment.log, options, *environment.registries, data, *model, machine, memory);
  if (memory) return forecast_lines(*memory, available_memory());
  throw UsageError(Place{.part = "--explain"}, "predicts memory only for one process on the CPU",
                   "For GPUs and placements use `seq2seq plan`");
}

train::Outcome train_new(const NewRun& request, const Environment& environment) {
  // Checks the keys first: a misspelt key is reported even if the folder is not free.
  const auto configuration = read_to_train(request.config, request.overrides, environment);
  return with_process_group(
      environment, [&] { return configuration->options.distributed; },
      [&](const Environment& joined) { return train_configuration(request, *configuration, joined); });
}

}  // namespace seq2seq::run
