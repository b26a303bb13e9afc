#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"

namespace seq2seq::train {

/// The update that `checkpoints/last` names; where there is no such file, the newest there is; empty without any.
/// Throws FormatError where the file holds no number, or names a checkpoint that is missing.
std::optional<int64_t> last_update(const Files& files, const RunFolder& folder);
/// The update that `checkpoints/best` names; where there is no such file, the last. Throws as above.
std::optional<int64_t> best_update(const Files& files, const RunFolder& folder);

/// Checkpoints that a resume may start from, the newest first: what `last` names and those before it. A newer one
/// belongs to a past that was left, or to a process that was killed before it replaced `last`. Throws as above.
std::vector<int64_t> updates_to_resume_from(const Files& files, const RunFolder& folder);

/// Makes `last` name `update`, and `best` name `best`. Without `best`, or where it is missing, a `best` that names a
/// missing or a later checkpoint is removed.
void name_checkpoints(Files& files, const RunFolder& folder, int64_t update, std::optional<int64_t> best);

/// Removes all but the best and the last `keep` up to `current`. What is newer belongs to a past that was left:
/// training was resumed from an earlier checkpoint.
void prune_checkpoints(Files& files, const RunFolder& folder, int64_t current, std::optional<int64_t> best,
                       int64_t keep);

/// Removes what a killed process left half written, and puts back what it had set aside and not replaced.
void tidy_checkpoints(Files& files, const RunFolder& folder);

}  // namespace seq2seq::train
