#include "seq2seq/run/training.h"

#include <exception>
#include <memory>
#include <optional>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/pair_places.h"
#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/parallel/distributed/data_parallel.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/gradients.h"
#include "seq2seq/run/init_from.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/pretrained.h"
#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/checkpoint_folder.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/gradient_source.h"

namespace seq2seq::run {

namespace {

fs::path weights_file(const InitialWeights& from) {
  return RunFolder(from.run).checkpoint(from.update) / "weights.safetensors";
}

std::string how_to_go_on(const RunFolder& folder) {
  return fmt::format("continue with `seq2seq train --resume {}`", shell_word(folder.root().string()));
}

void say_ending(Log& log, const train::Outcome& outcome, const train::TrainOptions& options, const RunFolder& folder) {
  const auto where = fmt::format("update {}, epoch {:.2f}", format_count(outcome.update), outcome.epoch);
  switch (outcome.ending) {
    case train::Ending::finished:
      log.say(fmt::format("finished at {}, after {} of training", where, format_duration(outcome.seconds)));
      break;
    case train::Ending::patience:
      log.say(fmt::format("finished at {}: no improvement in {}", where,
                          format_count(options.validate.patience, "validation")));
      break;
    case train::Ending::time_limit:
      log.say(fmt::format("the time limit ended this session at {}; {}", where, how_to_go_on(folder)));
      break;
    case train::Ending::interrupted:
      log.say(fmt::format("interrupted at {}, checkpoint written; {}", where, how_to_go_on(folder)));
      break;
  }
  if (outcome.skipped > 0) {
    log.warn(fmt::format("{} skipped because a loss or gradient was not finite",
                         format_count(outcome.skipped, "update") + (outcome.skipped == 1 ? " was" : " were")));
  }
  if (outcome.best_update && outcome.best_score) {
    log.say(fmt::format("best {}: {} at update {}", options.validate.best_by, format_figure(*outcome.best_score, 4),
                        format_count(*outcome.best_update)));
  }
}

/// Throws Error with the way to continue if a device failed. What the last checkpoint has is not lost.
void explain_failed_device(const std::exception_ptr& error, const RunFolder& folder, const Files& files) {
  const auto failure = device_failure(error);
  if (failure.empty()) return;
  std::optional<int64_t> last;
  try {
    last = train::last_update(files, folder);
  } catch (const Error&) {  // the device's failure matters more than a damaged folder
  }
  const auto command = fmt::format("`seq2seq train --resume {}`", shell_word(folder.root().string()));
  throw Error("a device failed during training: " + failure,
              last ? fmt::format("{} continues from checkpoint {}", command, *last)
                   : fmt::format("The run has no checkpoint yet; {} starts it again", command));
}

}  // namespace

InitialWeights find_initial_weights(const std::filesystem::path& path, data::Task task,
                                    const Environment& environment) {
  const auto named = named_checkpoint(fs::absolute(path), "best");
  const RunFolder folder(named.run);
  open_description(*environment.files, folder);
  const auto configuration = read_configuration(folder.config(), {}, *environment.registries);
  if (configuration->options.data.task != task) {
    const bool lm = task == data::Task::lm;
    throw UsageError(Place{.file = folder.config().string()},
                     fmt::format("is a run of `task: {}`, and the new one is of `task: {}`", lm ? "translation" : "lm",
                                 lm ? "lm" : "translation"),
                     "Name a run of the same task by `--init-from`");
  }
  InitialWeights from{
      .run = folder.root(), .update = find_checkpoint(*environment.files, folder, named.checkpoint), .sha256 = {}};
  from.sha256 = sha256_of_file(weights_file(from));
  return from;
}

void set_initial_parameters(nn::Model& model, const RunOptions& options, const data::TextPipeline& text,
                            const std::optional<InitialWeights>& from, const Environment& environment) {
  using Initialization = ModelOptions::Initialization;
  const bool xavier = options.model.initialization == Initialization::architecture
                          ? model.initialization() == nn::Initialization::xavier
                          : options.model.initialization == Initialization::xavier;
  xavier ? nn::initialize_xavier(model, options.seed)
         : nn::initialize_uniform(model, options.model.initial_range, options.seed);
  nn::set_fixed_initial_values(model);
  if (options.model.embedding_deviation)
    nn::initialize_embeddings(model, *options.model.embedding_deviation, options.seed);
  if (options.model.forget_bias) nn::set_forget_bias(model, *options.model.forget_bias);
  set_pretrained(model, options.model.pretrained, text, environment);
  if (!from) return;
  const RunFolder folder(from->run);
  auto stored = train::load_weights_only(*environment.files, folder, from->update);
  if (sha256_of_file(weights_file(*from)) != from->sha256) {
    throw Error(Place{.file = weights_file(*from).string()}, "is not the file that this run was started from",
                "Start a new run with `--init-from`");
  }
  nn::check_finite(stored.weights, weights_file(*from));
  // Their rows belong to the values in the order of the other run.
  if (read_description(*environment.files, folder).factors != marks_of(text.source().factors()))
    std::erase_if(stored.weights.tensors, [](const auto& item) {
      return item.first.starts_with("encoder.") && item.first.find(".factors.") != std::string::npos;
    });
  const bool lm = options.data.task == data::Task::lm;
  const auto source = lm ? text::Vocabulary({}) : text::Vocabulary::load(folder.source_vocabulary());
  const auto target = text::Vocabulary::load(folder.target_vocabulary());
  environment.log->say(fmt::format("weights of {}, update {}:", from->run.string(), format_count(from->update)));
  report(take_over(model, {&text.source_vocabulary(), &text.target_vocabulary()}, stored.weights, {&source, &target}),
         *environment.log);
}

train::Outcome run_training(const RunOptions& options, const TrainingData& data, nn::Model& model,
                            const nn::Placement& placement, const RunFolder& folder, std::optional<int64_t> resume_from,
                            const Environment& environment) {
  const auto gradients = make_gradients(options, model, placement, environment);
  train::Setup setup{.seed = options.seed,
                     .model = &model,
                     .corpus = &data.train,
                     .text = data.text.get(),
                     .optimizers = &environment.registries->optimizers,
                     .schedules = &environment.registries->schedules,
                     .clips = &environment.registries->clips,
                     .team = environment.group,
                     .place_of_pair = data::PairPlaces(options.data.train),
                     .validate = {},
                     .higher_is_better = higher_is_better(options.train.validate.best_by),
                     .files = environment.files,
                     .log = environment.log,
                     .progress = environment.progress};
  if (data.validation) {
    const auto& metrics = options.train.validate.metrics;
    const auto language_model = need_outputs(metrics) ? load_language_model(options, *data.text, environment) : nullptr;
    setup.validate = make_validation(*data.validation, *data.text, options.decode, options.metrics, metrics,
                                     environment.group, language_model, decode::on_small_memory(environment.log));
  }
  std::unique_ptr<train::GradientSource> joint;
  if (environment.group != nullptr) {
    joint = std::make_unique<parallel::DataParallel>(*gradients, *environment.group, model,
                                                     train::trainable_parameters(model, options.train.freeze));
  }
  setup.gradients = joint ? joint.get() : gradients.get();
  try {
    const auto outcome = train::train(options.train, setup, folder, resume_from);
    if (environment.leads()) {
      say_ending(*environment.log, outcome, options.train, folder);
      warn_of_missing_timeline(outcome.update - resume_from.value_or(0), environment);
    }
    return outcome;
  } catch (const c10::Error&) {
    explain_failed_device(std::current_exception(), folder, *environment.files);
    throw;
  }
}

}  // namespace seq2seq::run
