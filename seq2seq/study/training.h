#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "seq2seq/core/run_folder.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/study/description.h"
#include "seq2seq/study/session.h"
#include "seq2seq/study/training_data.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::study {

/// The best weights of another run, as a new run would start from them. Throws Error when it holds none.
InitialWeights find_initial_weights(const std::filesystem::path& run, const Session& session);

/// Sets the parameters before the first update: uniform by the seed, then what `from` has, with a report. Throws Error
/// when its weights are no longer those it names.
void set_initial_parameters(nn::Model& model, const RunOptions& options, const data::TextPipeline& text,
                            const std::optional<InitialWeights>& from, const Session& session);

/// Trains what is prepared and says how it ended and how to go on.
train::Outcome run_training(const RunOptions& options, const TrainingData& data, nn::Model& model,
                            const RunFolder& folder, std::optional<int64_t> resume_from, const Session& session);

}  // namespace seq2seq::study
