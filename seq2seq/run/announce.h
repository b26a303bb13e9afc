#pragma once

#include <optional>

#include "seq2seq/core/device.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/memory_forecast.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Warns if the predicted memory is not available. To be called before the model is made.
void warn_of_memory(Log& log, const std::optional<MemoryForecast>& forecast);
/// Prints a summary before training: data, parts of the model, memory, and machine.
void announce(Log& log, const RunOptions& options, const Registries& registries, const TrainingData& data,
              const nn::Model& model, const Machine& machine, const std::optional<MemoryForecast>& forecast);
/// Prints the parts of each place with the bytes of parameters, gradients and optimizer; prints nothing for a single
/// place.
void announce_places(Log& log, const RunOptions& options, const Registries& registries, const data::TextPipeline& text,
                     const nn::Placement& placement);

}  // namespace seq2seq::run
