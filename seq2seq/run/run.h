#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/parallel/distributed/options.h"
#include "seq2seq/run/placement.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/train/options.h"

namespace seq2seq::run {

/// All kinds that a configuration can choose. `main` makes them, adds its own, and passes them down.
struct Registries {
  text::TokenizerRegistry tokenizers;
  std::shared_ptr<nn::Parts> parts;  // parts of the recurrent models; `models` reads them when a model is made
  nn::ModelRegistry models;
  nn::ModelRegistry language_models;  // the architectures of `task: lm`
  train::OptimizerRegistry optimizers;
  train::ScheduleRegistry schedules;
  train::ClipRegistry clips;
  std::shared_ptr<parallel::ScheduleRegistry> placement_schedules;
};
Registries builtin_registries();

/// Files with initial word vectors; empty: initialize them like all parameters.
struct PretrainedOptions {
  std::filesystem::path source, target;
};
void declare(config::Keys& keys, PretrainedOptions& options);

struct ModelOptions {
  bool language_model = false;  // true if the architecture is one of `Registries::language_models`
  Selection architecture{.kind = "rnn", .options = nullptr};
  /// Initialization of parameters: the architecture's default, or a specific one.
  enum class Initialization { architecture, uniform, xavier } initialization = Initialization::architecture;
  double initial_range = 0.08;  // arXiv 1409.3215, section 3.4
  std::optional<double> embedding_deviation, forget_bias;
  PretrainedOptions pretrained;
  nn::FactorOptions factors;  // of the source's tokens
  nn::MultiSourceOptions multi_source;
};

/// The whole configuration; only this struct combines all sections.
struct RunOptions {
  uint64_t seed = 1;
  data::DataOptions data;
  ModelOptions model;
  train::TrainOptions train;
  decode::DecodeOptions decode;
  metrics::MetricOptions metrics;
  PlacementOptions placement;
  parallel::DistributedOptions distributed;
};
/// `registries` must outlive `keys`.
void declare(config::Keys& keys, RunOptions& options, const Registries& registries);

/// Options with the keys bound to them, for reading a configuration file. `registries` must outlive it.
struct Configuration {
  /// `task` determines which keys exist.
  explicit Configuration(const Registries& registries, data::Task task = data::Task::translation) {
    options.data.task = task;
    declare(keys, options, registries);
  }
  Configuration(const Configuration&) = delete;  // the keys point into the options
  Configuration& operator=(const Configuration&) = delete;

  RunOptions options;
  config::Keys keys;
};

/// Returns the registry from which a model with these options is chosen.
const nn::ModelRegistry& models_of(const ModelOptions& options, const Registries& registries);

/// Returns true if a key belongs to `decode` or `metrics`: it affects decoding and measuring, but parameters only if
/// validation uses outputs.
bool of_outputs(std::string_view key);

/// Throws UsageError with every error of the file and the overrides. `section`: the only one that must be complete;
/// empty: all.
std::unique_ptr<Configuration> read_configuration(const std::filesystem::path& file,
                                                  const std::vector<config::Override>& overrides,
                                                  const Registries& registries, const std::string& section = {});

}  // namespace seq2seq::run
