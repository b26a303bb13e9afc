#pragma once

#include "seq2seq/core/device.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Prints a summary before training: data, parts of the model, cost, and machine.
void announce(Log& log, const RunOptions& options, const Registries& registries, const TrainingData& data,
              const nn::Model& model, const Machine& machine);
/// Prints the parts of each place with the bytes of parameters, gradients and optimizer; prints nothing for a single
/// place.
void announce_places(Log& log, const RunOptions& options, const Registries& registries, const data::TextPipeline& text,
                     const nn::Placement& placement);

/// Bytes of optimizer state per number, measured on a small parameter.
double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries);

}  // namespace seq2seq::run
