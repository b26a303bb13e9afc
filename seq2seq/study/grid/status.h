#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

enum class RunState {
  recorded,  // trained and measured; has a record with all that a table needs
  training,  // locked by a process
  failed,    // the last attempt ended with an error
  stopped,   // started, but no process is working on it
  to_do,
};

struct RunStatus {
  RunState state = RunState::to_do;
  int64_t update = 0;          // the last one in its folder
  double seconds = 0;          // of training so far
  std::optional<double> left;  // seconds; no value until a similar run was trained
  std::string why;             // of a failed run: the reason
  bool measured_only = false;  // already trained, or trained by another run of the plan
};

/// Seconds of training by row, under its name in the table.
using RowSeconds = std::map<std::string, double>;

/// Returns the state of each run of the plan, in its order. `tried`: durations from a trial, for rows without a
/// finished or running run.
std::vector<RunStatus> survey(const StudyPlan& plan, const Files& files, const RowSeconds& tried = {});

/// Returns the finished share of a training's updates or epochs, 0 to 1; 0 if unknown.
double share_done(const TrainingFacts& facts, const train::TrainOptions& options);

/// `recorded`, `to do`, ...
std::string name_of(RunState state);

/// Returns the seconds left for all runs with `jobs` at a time; no value if one of them is unknown.
std::optional<double> time_left(const std::vector<RunStatus>& status, int64_t jobs);

}  // namespace seq2seq::study
