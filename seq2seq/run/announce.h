#pragma once

#include "seq2seq/core/device.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// What a training says before it begins: the data, the model by part, what it will take, and the machine.
void announce(Log& log, const RunOptions& options, const Registries& registries, const TrainingData& data,
              const nn::Model& model, const Machine& machine);

}  // namespace seq2seq::run
