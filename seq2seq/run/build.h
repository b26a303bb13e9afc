#pragma once

#include <memory>

#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// All of a model on one device.
nn::Placement on_device(c10::Device device);
/// Where a training places its model: on one device if the environment says so, otherwise as configured. Throws
/// UsageError naming the key of a device that is not there.
nn::Placement training_placement(const PlacementOptions& options, const Environment& environment);

/// The model of a configuration, its parameters not yet set. Throws UsageError when `placement` does not fit the model.
std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, const nn::Placement& placement);

}  // namespace seq2seq::run
