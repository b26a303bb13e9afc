#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/train/window.h"

namespace seq2seq::train {

/// State of a run besides parameters and optimizer, needed to resume.
struct TrainerState {
  int64_t update = 0;  // updates made (skipped ones count: the data moved on)
  int64_t epoch = 0;   // the epoch under way, from 0
  int64_t batch = 0;   // batches of it already used
  int64_t skipped = 0;
  int64_t bad_validations = 0;  // since the best
  std::optional<int64_t> best_update;
  std::optional<double> best_score;
  std::string schedule = "{}";  // its own JSON
  Window window;                // of the report to come
  double seconds = 0;           // of training so far, all sessions
  int64_t metrics_bytes = 0;    // length of metrics.jsonl at this checkpoint: what came later is cut off on resume
  bool finished = false;        // the run has reached its end (by updates, epochs or patience)
  std::string finished_because;
};

struct Checkpoint {
  nn::NamedTensors weights, optimizer;
  TrainerState state;
};

inline constexpr int checkpoint_format_version = 1;

/// Writes `checkpoints/<update>/` aside, syncs, renames; then replaces `last` and, for a new one, `best`; then removes
/// all but the last `keep` and the best. A checkpoint that was removed by hand counts as removed.
void save_checkpoint(Files& files, const RunFolder& folder, const Checkpoint& checkpoint, bool is_best, int64_t keep);

/// Verifies checksums and versions. Throws FormatError naming the file at fault.
Checkpoint load_checkpoint(const Files& files, const RunFolder& folder, int64_t update);
/// Only its weights and state; for decoding.
Checkpoint load_weights_only(const Files& files, const RunFolder& folder, int64_t update);
/// Only what a resumed run needs besides its tensors.
TrainerState load_state(const Files& files, const RunFolder& folder, int64_t update);
/// Only the state of its optimizer.
nn::NamedTensors load_optimizer(const Files& files, const RunFolder& folder, int64_t update);
/// Verifies all files of a checkpoint without keeping any of its tensors.
TrainerState verify_checkpoint(const Files& files, const RunFolder& folder, int64_t update);

/// Returns the state of the checkpoint to continue from: the one that `last` names or, if it is damaged, the newest
/// intact one before it, with a warning that names the damage. Empty if there is none yet. Throws FormatError if `last`
/// names a missing checkpoint, or if all are damaged.
std::optional<TrainerState> newest_whole_checkpoint(const Files& files, const RunFolder& folder, Log& log);

}  // namespace seq2seq::train
