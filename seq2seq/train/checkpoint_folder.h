#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"

namespace seq2seq::train {

/// Returns the update that `checkpoints/last` names, or the newest one if there is no such file; no value if there is
/// no checkpoint. Throws FormatError if the file contains no number or names a missing checkpoint.
std::optional<int64_t> last_update(const Files& files, const RunFolder& folder);
/// Returns the update that `checkpoints/best` names, or the last one if there is no such file. Throws as above.
std::optional<int64_t> best_update(const Files& files, const RunFolder& folder);

/// Returns the checkpoints that a resume may start from, newest first: the one named by `last` and all before it. Newer
/// ones are from before a resume at an earlier checkpoint, or from a process that was killed before it replaced `last`.
/// Throws as above.
std::vector<int64_t> updates_to_resume_from(const Files& files, const RunFolder& folder);

/// Makes `last` name `update`, and `best` name `best`. If `best` has no value, or its checkpoint does not exist,
/// removes the file `best` when it names a missing or later checkpoint.
void name_checkpoints(Files& files, const RunFolder& folder, int64_t update, std::optional<int64_t> best);

/// Removes all but the best and the last `keep` up to `current`. Newer ones are also removed: they are from before
/// training was resumed at an earlier checkpoint.
void prune_checkpoints(Files& files, const RunFolder& folder, int64_t current, std::optional<int64_t> best,
                       int64_t keep);

/// Removes files that a killed process left half-written, and restores those that it had moved aside but not replaced.
void tidy_checkpoints(Files& files, const RunFolder& folder);

}  // namespace seq2seq::train
