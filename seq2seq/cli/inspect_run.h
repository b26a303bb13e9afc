#pragma once

#include <iosfwd>
#include <string>

#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/run.h"
#include "seq2seq/train/checkpoint.h"

namespace seq2seq::cli {

/// Returns `3 epochs`, or `3 epochs and 2 batches`: the part of the data that was read.
std::string epochs_made(const train::TrainerState& state);

/// Prints the checkpoints of a run, which may have lost its description.
void inspect_checkpoints(std::ostream& out, const RunFolder& folder);

/// Prints description, progress and figures of a run.
void inspect_run(std::ostream& out, const RunFolder& folder, const run::Registries& registries);

}  // namespace seq2seq::cli
