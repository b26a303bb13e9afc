#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/placement.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// How many layers a configured model has, found without memory. Throws UsageError when it cannot be made.
nn::LayerCounts layers_of(const ModelOptions& options, const Registries& registries);

/// Reads a configuration to train by it in `environment`: as read_configuration, and the placement has to fit the model
/// and this machine, unless the environment puts all on one device. Throws UsageError with the place of each error.
std::unique_ptr<Configuration> read_to_train(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Environment& environment);

/// Reads the same to say whether it is valid: the placement has to fit the model, but not this machine.
std::unique_ptr<Configuration> read_to_check(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Registries& registries);

/// Reads the section `placement` of a file that holds nothing else, for a model of so many layers on this machine.
/// Throws UsageError.
PlacementOptions read_placement(const std::filesystem::path& file, const nn::LayerCounts& layers);

}  // namespace seq2seq::run
