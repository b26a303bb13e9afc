#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::run {

/// Connects the processes of a launch, runs `work` with the joined environment, and disconnects them. A single process
/// runs `work` directly and does not call `options`.
train::Outcome with_process_group(const Environment& environment,
                                  const std::function<parallel::DistributedOptions()>& options,
                                  const std::function<train::Outcome(const Environment& joined)>& work);

/// Returns rank 0's decision on every rank; only rank 0 calls `decide`.
std::string decided(const Environment& environment, const std::function<std::string()>& decide);

/// Runs `work` on rank 0 only, while the others wait without a time limit.
void first_alone(const Environment& environment, const std::function<void()>& work);

/// Throws Error naming the ranks with a configuration, text, program or start that differs from rank 0, and the
/// differences. Paths and placement may differ.
void check_same_run(const Configuration& configuration, const RunDescription& description, const TrainingData& data,
                    const std::string& start, const Environment& environment);

/// Returns a description of this session for the description of its run.
SessionDescription session_of(const Machine& machine, int64_t from_update, const Environment& environment);

}  // namespace seq2seq::run
