#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/core/progress.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/study/grid/status.h"

namespace seq2seq::cli {

/// Prints the runs of a study by cell, with their states, and the time left with `jobs` runs at a time.
std::string plan_text(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status, int64_t jobs);
/// Returns a line for every run.
std::string status_text(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status, int64_t jobs);
/// Returns a line for every selected run without a record, with the reason.
std::vector<std::string> missing_lines(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status);

/// Progress display while several processes train: finished runs, and progress of the running ones.
class StudyProgress {
 public:
  StudyProgress(const study::StudyPlan& plan, int64_t jobs, const run::Environment& environment);
  void tick();  // may be called often; reads the folders only from time to time
  void finish();

 private:
  void look();
  void show();

  study::StudyPlan plan_;
  int64_t jobs_;
  Log quiet_;
  Progress progress_;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace seq2seq::cli
