#pragma once

#include <string>
#include <vector>

#include "seq2seq/parallel/plan/predict.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/placement.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Returns the placement of a training: as configured, or for `preset: auto` the planner's fastest layout on
/// `placement.devices` (default: all GPUs of this machine, assumed to be H200s) for this model and the mean lengths of
/// this text. With one device, or if no layout is faster, this is `single`. Prints the choice.
PlacementOptions chosen_placement(const RunOptions& options, const TrainingData& data, const Environment& environment);

/// Converts a planner's layout to keys of the configuration: place k is `devices[k]`.
PlacementOptions in_terms_of_keys(const parallel::Plan& plan, const std::vector<std::string>& devices,
                                  const PlacementOptions& base);

}  // namespace seq2seq::run
