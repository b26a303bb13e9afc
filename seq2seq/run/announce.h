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

/// What a training says before it begins: the data, the model by part, what it will take, and the machine.
void announce(Log& log, const RunOptions& options, const Registries& registries, const TrainingData& data,
              const nn::Model& model, const Machine& machine);
/// Says what lies in which place, with the bytes of parameters, gradients and optimiser; nothing where all lies in one.
void announce_places(Log& log, const RunOptions& options, const Registries& registries, const data::TextPipeline& text,
                     const nn::Placement& placement);

/// Bytes an optimiser keeps for a parameter of one number, measured on a small one.
double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries);

}  // namespace seq2seq::run
