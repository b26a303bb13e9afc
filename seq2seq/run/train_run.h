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
  std::filesystem::path folder;  // must be new or empty
  std::optional<std::filesystem::path>
      init_from;  // a run whose weights (of its best checkpoint) the new one starts with
};

/// Trains a new run. The folder, its configuration and vocabularies are written before the first update; nothing is
/// written when anything is wrong with configuration or data.
train::Outcome train_new(const NewRun& request, const Environment& environment);

/// What resume does once the ranks of a launch have met.
train::Outcome go_on(const RunFolder& folder, const std::vector<config::Override>& overrides,
                     const Environment& environment, const std::optional<std::string>& checkpoint);

/// Goes on with a run from its newest whole checkpoint, exactly where the configuration and the machine are the same.
/// With `checkpoint` (best, last or the number of an update) it goes back to that one and drops what was trained after
/// it. Overrides may change keys that allow it; others are refused, all at once. A run that ended before its first
/// checkpoint starts again; one that lost its checkpoints is an Error. A finished run that is not extended says so and
/// is left as it is.
train::Outcome resume(const std::filesystem::path& folder, const std::vector<config::Override>& overrides,
                      const Environment& environment, const std::optional<std::string>& checkpoint = {});

}  // namespace seq2seq::run
