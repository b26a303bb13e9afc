#pragma once

#include <vector>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/options.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::run {

/// Returns true if nothing is left to train. A finished run continues only if its length was increased.
bool finished(const train::TrainerState& state, const train::TrainOptions& options,
              const std::vector<config::Change>& changes);

/// Prints that the run is finished and how to extend it. Returns its outcome.
train::Outcome say_finished(const train::TrainerState& state, const train::TrainOptions& options,
                            const RunFolder& folder, const Environment& environment);

}  // namespace seq2seq::run
