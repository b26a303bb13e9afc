#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

/// All of a model on one device.
nn::Placement on_device(c10::Device device);
/// Where a training places its model: on one device if the environment says so, otherwise as configured. Warns of
/// devices that stay idle. Throws PlacementError.
nn::Placement training_placement(const RunOptions& options, const data::TextPipeline& text,
                                 const Environment& environment);
/// The device of such a placement that a machine is described by: that of its first place.
c10::Device training_device(const PlacementOptions& options, const Environment& environment);
/// Where a trained model is used: on the command's device if `choice` is empty, as it was trained by `run`, otherwise
/// as the file of that name says. Throws UsageError.
nn::Placement placement_for_use(const std::string& choice, const RunOptions& options, const data::TextPipeline& text,
                                const Environment& environment);

/// The model of a configuration without memory for its parameters: for its sizes. Throws UsageError when it cannot be
/// made.
std::shared_ptr<nn::Model> outline(const ModelOptions& options, const Registries& registries,
                                   int64_t source_vocabulary = nn::unknown_vocabulary,
                                   int64_t target_vocabulary = nn::unknown_vocabulary);

/// Whether its text needs ids beyond the vocabularies, for words that it copies.
bool extends_vocabulary(const ModelOptions& options, const Registries& registries);

/// The model of a configuration, its parameters not yet set. Throws UsageError when `placement` does not fit the model.
std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, const nn::Placement& placement);

}  // namespace seq2seq::run
