#include "seq2seq/run/run.h"

#include <fmt/format.h>

#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/other_words.h"
#include "seq2seq/run/rules.h"
#include "seq2seq/run/task.h"

namespace seq2seq::run {

namespace {

// Sections with keys that depend on a registry, as types by which `Keys::section` finds their declaration.
struct DataSection {
  data::DataOptions& options;
  const Registries& registries;
};
void declare(config::Keys& keys, DataSection& section) {
  data::declare(keys, section.options, section.registries.tokenizers);
}

constexpr const char* kPretrained =
    "text file with initial word vectors of the {}, in the format of word2vec, GloVe and fastText; not set: "
    "initialized like all parameters";

struct ModelSection {
  ModelOptions& options;
  const Registries& registries;
};
void declare(config::Keys& keys, ModelSection& section) {
  keys.select_here("architecture", section.options.architecture, models_of(section.options, section.registries),
                   "kind of model; each kind has its own keys");
  using Initialization = ModelOptions::Initialization;
  keys.add("initialization", section.options.initialization,
           {{"architecture", Initialization::architecture},
            {"uniform", Initialization::uniform},
            {"xavier", Initialization::xavier}},
           "initial values of the parameters. uniform: in [-initial_range, initial_range]; xavier: Glorot and Bengio "
           "2010, biases 0, word vectors normal with deviation 1/sqrt(width); architecture: uniform for rnn, xavier "
           "for transformer");
  keys.add("initial_range", section.options.initial_range,
           "range of `uniform`: [-initial_range, initial_range]. The default is the paper's, for 1,000 cells; fewer "
           "cells learn faster with a larger range, such as 0.2 for 256")
      .above(0);
  keys.add("embedding_deviation", section.options.embedding_deviation,
           "draw initial word vectors from a normal distribution with this standard deviation (PyTorch: 1); null: like "
           "all parameters")
      .at_least(0);
  keys.add("forget_bias", section.options.forget_bias,
           "initial value of an LSTM's forget gate bias (sum of its two biases), often 1; null: like all parameters");
  keys.section("pretrained", section.options.pretrained, "pretrained word vectors");
  keys.section("factors", section.options.factors, "vectors of the factors of source tokens (`data.source.factors`)");
  keys.section("multi_source", section.options.multi_source,
               "encoders for sources of several sentences (`data.source.parts`)");
}

struct TrainSection {
  train::TrainOptions& options;
  const Registries& registries;
};
void declare(config::Keys& keys, TrainSection& section) {
  train::declare(keys, section.options, section.registries.optimizers, section.registries.schedules,
                 section.registries.clips);
}

}  // namespace

void declare(config::Keys& keys, PretrainedOptions& options) {
  keys.add_file("source", options.source, fmt::format(kPretrained, "source"));
  keys.add_file("target", options.target, fmt::format(kPretrained, "target"));
}

Registries builtin_registries() {
  const auto parts = std::make_shared<nn::Parts>();
  return {.tokenizers = text::builtin_tokenizers(),
          .parts = parts,
          .models = nn::builtin_models(parts),
          .language_models = nn::builtin_language_models(parts),
          .optimizers = train::builtin_optimizers(),
          .schedules = train::builtin_schedules(),
          .clips = train::builtin_clips(),
          .placement_schedules = std::make_shared<parallel::ScheduleRegistry>(parallel::builtin_schedules())};
}

void declare(config::Keys& keys, RunOptions& options, const Registries& registries) {
  keys.answer_words(other_words());
  keys.add("seed", options.seed, "seed of all random draws: initial parameters, order of the data, dropout");
  const auto task = options.data.task;
  options.data.task = data::Task::translation;  // the default, for any task of this configuration
  keys.add(
      "task", options.data.task, {{"translation", data::Task::translation}, {"lm", data::Task::lm}},
      "translation: learn targets given sources; lm: learn a language model of text alone, without keys of a source, "
      "encoder, bridge or attention (`seq2seq config reference --task lm` lists its keys)");
  options.data.task = task;
  options.model.language_model = task == data::Task::lm;
  DataSection data{options.data, registries};
  keys.section("data", data, "text files, tokenization and vocabularies");
  ModelSection model{options.model, registries};
  keys.section("model", model, "model and its sizes");
  TrainSection train{options.train, registries};
  keys.section("train", train, "objective, batches, optimizer, length of training, validation, checkpoints");
  keys.section("decode", options.decode, "search");
  keys.section("metrics", options.metrics, "comparison of outputs with references");
  options.placement.schedules = registries.placement_schedules;
  keys.section("placement", options.placement, "devices for the parts of the model");
  keys.section("distributed", options.distributed, "communication between processes that train one model together");
  if (task == data::Task::lm)
    for (const auto& refused : keys_without_use_to_language_models()) keys.leave_out(refused.key);
  declare_rules(keys, options, registries);
}

bool of_outputs(std::string_view key) { return key.starts_with("decode.") || key.starts_with("metrics."); }

std::unique_ptr<Configuration> read_configuration(const std::filesystem::path& file,
                                                  const std::vector<config::Override>& overrides,
                                                  const Registries& registries, const std::string& section) {
  auto configuration = configuration_for(file, overrides, registries);
  config::read_file(file, overrides, configuration->keys, {.section = section, .former_folder = former_folder(file)});
  return configuration;
}

}  // namespace seq2seq::run
