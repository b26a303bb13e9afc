#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/train/trainer.h"

namespace seq2seq::run {

struct NewRun {
  std::filesystem::path config;
  std::vector<config::Override> overrides;
  std::filesystem::path folder;                    // must be new or empty
  std::optional<std::filesystem::path> init_from;  // a run with best weights from which the new one starts
};

/// Trains a new run. Writes the folder, its configuration and vocabularies before the first update; writes nothing if
/// configuration or data have errors.
train::Outcome train_new(const NewRun& request, const Environment& environment);

/// Reads configuration and data of a new run, prints everything that training prints before its first update, and
/// returns the memory that training needs, as lines. Does not train or write anything.
std::vector<std::string> explain_training(const NewRun& request, const Environment& environment);

/// Resumes a run after the ranks of a launch have connected.
train::Outcome resume_in_group(const RunFolder& folder, const std::vector<config::Override>& overrides,
                               const Environment& environment, const std::optional<std::string>& checkpoint);

/// Continues a run from its newest intact checkpoint, exactly if configuration and machine are the same. With
/// `checkpoint` (best, last or the number of an update) it goes back to that one and drops later updates. Overrides may
/// change only keys that allow it; all errors are reported at once. A run that ended before its first checkpoint starts
/// again; throws Error for a run that lost its checkpoints. A finished run that is not extended does not change; the
/// ending is reported.
train::Outcome resume(const std::filesystem::path& folder, const std::vector<config::Override>& overrides,
                      const Environment& environment, const std::optional<std::string>& checkpoint = {});

}  // namespace seq2seq::run
