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
  int64_t update = 0;  // updates made, skipped ones included, because they used data
  int64_t epoch = 0;   // current epoch, counted from 0
  int64_t batch = 0;   // batches of this epoch already used
  int64_t skipped = 0;
  int64_t bad_validations = 0;  // since the best one
  std::optional<int64_t> best_update;
  std::optional<double> best_score;
  std::string schedule = "{}";  // JSON of the schedule
  Window window;                // of the next report
  double seconds = 0;           // of training so far, in all sessions
  int64_t metrics_bytes = 0;    // length of metrics.jsonl at this checkpoint; a resume cuts off the rest
  bool finished = false;        // the run has ended (by updates, epochs or patience)
  std::string finished_because;
};

struct Checkpoint {
  nn::NamedTensors weights, optimizer;
  TrainerState state;
};

inline constexpr int checkpoint_format_version = 1;

/// Writes `checkpoints/<update>/` under a temporary name, syncs and renames it; then replaces `last` and, for a new
/// best one, `best`; then removes all but the last `keep` and the best. Checkpoints removed by hand are not an error.
void save_checkpoint(Files& files, const RunFolder& folder, const Checkpoint& checkpoint, int64_t keep);

/// Loads a checkpoint and verifies checksums and versions. Throws FormatError naming the damaged file.
Checkpoint load_checkpoint(const Files& files, const RunFolder& folder, int64_t update);
/// Loads only weights and state, for decoding.
Checkpoint load_weights_only(const Files& files, const RunFolder& folder, int64_t update);
/// Loads only the state without tensors, for a resumed run.
TrainerState load_state(const Files& files, const RunFolder& folder, int64_t update);
/// Loads only the state of the optimizer.
nn::NamedTensors load_optimizer(const Files& files, const RunFolder& folder, int64_t update);
/// Verifies all files of a checkpoint without keeping tensors. An average of checkpoints has no optimizer's file.
TrainerState verify_checkpoint(const Files& files, const RunFolder& folder, int64_t update);
/// Throws Error for a checkpoint from which training cannot continue, because it is an average of checkpoints.
void check_continues(const Files& files, const RunFolder& folder, int64_t update);

/// Returns the state of the checkpoint to continue from: the one named by `last` or, if it is damaged, the newest
/// intact one before it, with a warning that names the damage. Returns no value if there is none yet. Throws
/// FormatError if `last` names a missing checkpoint, or if all are damaged.
std::optional<TrainerState> newest_intact_checkpoint(const Files& files, const RunFolder& folder, Log& log);

}  // namespace seq2seq::train
