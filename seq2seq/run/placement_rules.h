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

/// Returns the numbers of layers of a configured model, without allocating it. Throws UsageError if it cannot be built.
nn::LayerCounts layers_of(const ModelOptions& options, const Registries& registries);

/// Reads a configuration for training in `environment`, like read_configuration(). The placement must also fit the
/// model and this machine, unless the environment puts everything on one device. Throws UsageError with the place of
/// each error.
std::unique_ptr<Configuration> read_to_train(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Environment& environment);

/// As above, for a check: the placement must fit the model, but not this machine.
std::unique_ptr<Configuration> read_to_check(const std::filesystem::path& file,
                                             const std::vector<config::Override>& overrides,
                                             const Registries& registries);

/// Reads a file that contains only a section `placement`, for a model of these layers on this machine. Throws
/// UsageError.
PlacementOptions read_placement(const std::filesystem::path& file, const nn::LayerCounts& layers);

}  // namespace seq2seq::run
