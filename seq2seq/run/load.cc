#include "seq2seq/run/load.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/checkpoint_folder.h"

namespace seq2seq::run {

namespace {

void allow_only_use(const std::vector<config::Override>& overrides) {
  std::vector<Error> faults;
  for (const auto& each : overrides) {
    if (of_outputs(each.key)) continue;
    faults.emplace_back(Place{.part = each.option},
                        "a trained run keeps its configuration; only keys of `decode` and `metrics` can be set here");
  }
  if (!faults.empty()) throw UsageError(faults);
}

}  // namespace

int64_t find_checkpoint(const Files& files, const RunFolder& folder, const std::string& checkpoint) {
  std::optional<int64_t> named;
  if (checkpoint == "best") named = train::best_update(files, folder);
  if (checkpoint == "last") named = train::last_update(files, folder);
  if (named) return *named;
  const auto updates = folder.updates();
  if (updates.empty()) {
    throw Error(Place{.file = folder.root().string()}, "holds no checkpoint yet",
                fmt::format("Train it first: `seq2seq train --resume {}`", folder.root().string()));
  }
  int64_t update = 0;
  const char* end = checkpoint.data() + checkpoint.size();
  const auto [stop, fault] = std::from_chars(checkpoint.data(), end, update);
  if (fault != std::errc() || stop != end)
    throw UsageError(fmt::format("unknown checkpoint `{}`; use `best`, `last` or the number of an update", checkpoint));
  if (std::find(updates.begin(), updates.end(), update) == updates.end()) {
    throw UsageError(Place{.file = folder.root().string()},
                     fmt::format("holds no checkpoint of update {}; there are {}", update, fmt::join(updates, ", ")));
  }
  return update;
}

LoadedRun load_run(const std::filesystem::path& folder, const std::string& checkpoint,
                   const std::vector<config::Override>& overrides, const Environment& environment,
                   const std::string& placement) {
  allow_only_use(overrides);
  LoadedRun run{RunFolder(folder), {}, {}, {}, {}, {}, 0};
  run.description = read_description(*environment.files, run.folder);
  run.configuration = read_configuration(run.folder.config(), overrides, *environment.registries);
  const auto& options = run.options();
  run.text = text_of_run(options.data, *environment.registries, run.folder, run.description);
  if (extends_vocabulary(options.model, *environment.registries)) run.text->extend_vocabulary();
  run.update = find_checkpoint(*environment.files, run.folder, checkpoint);
  const auto placed = placement_for_use(placement, options, *run.text, environment);
  prepare_machine(environment.threads, placed.device);
  run.model = build_model(options, *environment.registries, *run.text, placed);
  const auto stored = train::load_weights_only(*environment.files, run.folder, run.update);
  nn::load_weights(*run.model, stored.weights, run.folder.checkpoint(run.update) / "weights.safetensors");
  run.model->eval();
  run.predictor = std::make_unique<decode::ModelPredictor>(*run.model, options.decode.allow_unknown);
  return run;
}

}  // namespace seq2seq::run
