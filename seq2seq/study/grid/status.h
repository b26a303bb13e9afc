#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

enum class RunState {
  recorded,  // trained and measured; all that a table needs is there
  training,  // a process holds it
  failed,    // the last try ended with an error
  stopped,   // begun, and nobody is at it
  to_do,
};

struct RunStatus {
  RunState state = RunState::to_do;
  int64_t update = 0;          // as far as its folder tells
  double seconds = 0;          // of training so far
  std::optional<double> left;  // seconds that it will still take; unknown as long as nothing like it was trained
  std::string why;             // it failed
  bool measured_only = false;  // another run of the plan trains the same parameters: only its figures are its own
};

/// Seconds of training, each row's by its name in the table.
using RowSeconds = std::map<std::string, double>;

/// How each run of the plan stands, in its order. `tried`: how long rows were found to take by a trial, for those of
/// which no run is done or under way.
std::vector<RunStatus> survey(const StudyPlan& plan, const Files& files, const RowSeconds& tried = {});

/// What a training has made of the updates or epochs that it is to make, 0 to 1; 0 where nothing is known.
double share_done(const TrainingFacts& facts, const train::TrainOptions& options);

/// `recorded`, `to do`, ...
std::string name_of(RunState state);

/// Seconds that all runs still take with `jobs` at a time; empty where that of one is unknown.
std::optional<double> time_left(const std::vector<RunStatus>& status, int64_t jobs);

}  // namespace seq2seq::study
