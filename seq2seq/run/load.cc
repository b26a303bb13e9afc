#include "seq2seq/run/load.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/decode/fused_predictor.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/nn/scoped_precision.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/task.h"
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

/// Without the file `best`, the last checkpoint stands for it, but not if another one is known to be the best.
void check_best(const LoadedRun& run, const std::string& checkpoint, const train::TrainerState& state) {
  const auto best = state.best_update;
  std::error_code unknown;
  if (checkpoint != "best" || std::filesystem::exists(run.folder.best(), unknown) || !best || *best == run.update ||
      !std::filesystem::exists(run.folder.checkpoint(*best), unknown))
    return;
  throw FormatError(Place{.file = run.folder.best().string()},
                    fmt::format("is missing; the best checkpoint is {}", *best),
                    fmt::format("Write this number into the file, or name the checkpoint instead of the run: {}",
                                shell_word(run.folder.checkpoint(*best).string())));
}

/// A search adds probabilities word by word, so both models must have the same words in the same order.
void check_same_words(const text::Vocabulary& language_model, const text::Vocabulary& target,
                      const std::filesystem::path& file) {
  constexpr const char* remedy =
      "Train the language model with `data.target.vocabulary.file`, and the tokenizer, of the translation run";
  const auto &ours = language_model.words(), &theirs = target.words();
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    if (ours[i].text == theirs[i].text) continue;
    throw UsageError(Place{.file = file.string(), .line = static_cast<int64_t>(i) + 2},
                     fmt::format("word {} is {} in the language model, but {} in the translation model", i + 1,
                                 quote(ours[i].text), quote(theirs[i].text)),
                     remedy);
  }
  if (ours.size() == theirs.size()) return;
  const bool more = ours.size() > theirs.size();
  const auto& first = (more ? ours : theirs)[std::min(ours.size(), theirs.size())].text;
  throw UsageError(
      Place{.file = file.string()},
      fmt::format(
          "the language model has {}, but the translation model has {}; {} is the first word missing from the {}",
          format_count(std::ssize(ours), "word"), format_count(std::ssize(theirs)), quote(first),
          more ? "translation model" : "language model"),
      remedy);
}

}  // namespace

void check_translates(const LoadedRun& run, const std::string& what) {
  if (run.options().data.task == data::Task::translation) return;
  throw UsageError(Place{.file = run.folder.config().string()}, "is a language model (`task: lm`), which " + what,
                   "Use `seq2seq score RUN TEXT` for log-probabilities, or `seq2seq evaluate` for the perplexity");
}

int64_t find_checkpoint(const Files& files, const RunFolder& folder, const std::string& checkpoint) {
  std::optional<int64_t> named;
  if (checkpoint == "best") named = train::best_update(files, folder);
  if (checkpoint == "last") named = train::last_update(files, folder);
  if (named) return *named;
  const auto updates = folder.updates();
  if (updates.empty()) {
    throw Error(Place{.file = folder.root().string()}, "has no checkpoint yet",
                fmt::format("Train it first: `seq2seq train --resume {}`", shell_word(folder.root().string())));
  }
  int64_t update = 0;
  const char* end = checkpoint.data() + checkpoint.size();
  const auto [stop, fault] = std::from_chars(checkpoint.data(), end, update);
  if (fault != std::errc() || stop != end)
    throw UsageError(fmt::format("unknown checkpoint `{}`; use `best`, `last` or the number of an update", checkpoint));
  if (std::find(updates.begin(), updates.end(), update) == updates.end()) {
    throw UsageError(Place{.file = folder.root().string()},
                     fmt::format("has no checkpoint of update {}; it has {}", update, fmt::join(updates, ", ")));
  }
  return update;
}

NamedCheckpoint named_checkpoint(const std::filesystem::path& path, const std::string& checkpoint) {
  auto whole = path.lexically_normal();
  // `best`, in the folder of checkpoints, and `.`, in a checkpoint, name a checkpoint, too.
  if (!whole.has_parent_path() || whole.begin()->native().starts_with(".")) {
    std::error_code gone;
    whole = (std::filesystem::current_path(gone) / whole).lexically_normal();
  }
  if (!whole.has_filename()) whole = whole.parent_path();  // if the path ends in a slash
  const auto folder = whole.parent_path();
  if (folder.filename() != "checkpoints") return {path, checkpoint};
  const auto run = folder.has_parent_path() ? folder.parent_path() : std::filesystem::path(".");
  if (!RunFolder(run).holds_run()) return {path, checkpoint};
  return {run, whole.filename().string()};
}

data::Task task_of_run(const std::filesystem::path& path) {
  return task_of(RunFolder(named_checkpoint(path, {}).run).config());
}

LoadedRun load_run(const std::filesystem::path& path, const std::string& checkpoint,
                   const std::vector<config::Override>& overrides, const Environment& environment,
                   const std::string& placement) {
  allow_only_use(overrides);
  const auto named = named_checkpoint(path, checkpoint);
  if (named.run != path && checkpoint != "best" && checkpoint != named.checkpoint)
    throw UsageError(Place{.part = "--checkpoint " + checkpoint},
                     fmt::format("{} names another checkpoint", path.string()), "Leave out one of them");
  LoadedRun run{RunFolder(named.run), {}, {}, {}, {}, {}, 0};
  run.description = open_description(*environment.files, run.folder);
  run.configuration = read_configuration(run.folder.config(), overrides, *environment.registries);
  const auto& options = run.options();
  run.text = text_of_run(options.data, *environment.registries, run.folder, run.description);
  if (extends_vocabulary(options.model, *environment.registries)) run.text->extend_vocabulary();
  run.update = find_checkpoint(*environment.files, run.folder, named.checkpoint);
  const auto placed = placement_for_use(placement, options, *run.text, environment);
  prepare_machine(environment.threads, placed.device);
  nn::set_precision(options.decode.precision);
  run.model = build_model(options, *environment.registries, *run.text, placed);
  const auto stored = train::load_weights_only(*environment.files, run.folder, run.update);
  check_best(run, named.checkpoint, stored.state);
  const auto file = run.folder.checkpoint(run.update) / "weights.safetensors";
  nn::check_finite(stored.weights, file);
  nn::load_weights(*run.model, stored.weights, file);
  run.model->eval();
  run.model_predictor = std::make_unique<decode::ModelPredictor>(*run.model, options.decode.allow_unknown);
  run.language_model = load_language_model(options, *run.text, environment);
  if (run.language_model) run.joint_predictor = decode::make_predictor(*run.model, options.decode, run.language_model);
  return run;
}

std::shared_ptr<const decode::Predictor> load_language_model(const RunOptions& options, const data::TextPipeline& text,
                                                             const Environment& environment) {
  const auto& fusion = options.decode.language_model;
  if (!fusion.any()) return nullptr;
  const Place key{.file = fusion.run.string(), .part = "decode.language_model.run"};
  if (decode::writes_backwards(text))
    throw UsageError(key, "reads words in the order of the text, but `data.reverse` reverses the targets of this model",
                     "Search without a language model");
  if (text.extends_vocabulary())
    throw UsageError(key,
                     "has a fixed vocabulary, but `model.output.extended_vocabulary` adds the words of each source",
                     "Search without a language model");
  const nn::ScopedPrecision keep(nn::current_precision());  // load_run() sets the precision of a search
  auto run = std::make_shared<const LoadedRun>(load_run(fusion.run, "best", {}, environment));
  if (run->options().data.task != data::Task::lm)
    throw UsageError(key, "is not a language model", "Name a run of `task: lm`");
  check_same_words(run->text->target_vocabulary(), text.target_vocabulary(), run->folder.target_vocabulary());
  const auto* predictor = &run->predictor();
  return {std::move(run), predictor};  // keeps the whole run alive
}

}  // namespace seq2seq::run
