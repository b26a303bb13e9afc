#pragma once

#include <memory>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/train/gradient_source.h"

namespace seq2seq::run {

/// Returns the source of gradients: a pipeline for a model in several places or for a timeline; otherwise
/// train::SerialGradients. Model and environment must outlive it. Throws UsageError if the devices cannot run it.
std::unique_ptr<train::GradientSource> make_gradients(const RunOptions& options, const nn::Model& model,
                                                      const nn::Placement& placement, const Environment& environment);

/// Throws UsageError if a new run ends before the update that the requested timeline shows.
void check_timeline(const train::TrainOptions& options, const Environment& environment);

/// Warns if a session of this many updates was too short for a timeline.
void warn_of_missing_timeline(int64_t updates, const Environment& environment);

}  // namespace seq2seq::run
