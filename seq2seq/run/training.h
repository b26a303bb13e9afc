#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "seq2seq/core/run_folder.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::run {

/// Returns the best weights of another run of the same task, from which a new run can start. Throws Error if it has
/// none.
InitialWeights find_initial_weights(const std::filesystem::path& run, data::Task task, const Environment& environment);

/// Sets the parameters before the first update: randomly by the seed, then word vectors from files, then the weights of
/// `from`, with a report. Throws Error if the weights of `from` have changed, and like set_pretrained().
void set_initial_parameters(nn::Model& model, const RunOptions& options, const data::TextPipeline& text,
                            const std::optional<InitialWeights>& from, const Environment& environment);

/// Trains, and reports how training ended and how to continue.
train::Outcome run_training(const RunOptions& options, const TrainingData& data, nn::Model& model,
                            const nn::Placement& placement, const RunFolder& folder, std::optional<int64_t> resume_from,
                            const Environment& environment);

}  // namespace seq2seq::run
