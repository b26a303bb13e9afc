#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

struct WorkOutcome {
  int64_t recorded = 0;  // runs that now have a record, after training or only measuring
  int64_t failed = 0;
  bool interrupted = false;
};

/// Trains and measures, one after another, the runs without a record that have not failed and on which no other process
/// works. Resumes a started run from its last checkpoint. Any number of processes may work on a study at the same time,
/// on one machine or on several that share the folders. A failed run is logged, its reason is written to a file beside
/// its folder, and the other runs continue.
WorkOutcome work(StudyPlan& plan, const run::Environment& environment);

/// Removes the reasons of failed runs, so that they are tried again.
void forget_failures(const StudyPlan& plan, Files& files);

/// Marks the selected runs to be made again, including finished ones, and removes their folders. An old record stays
/// until the new one replaces it. Throws UsageError if a text is missing, and Error if another process works on one of
/// the runs; in both cases nothing changes.
void retrain(StudyPlan& plan, Files& files);

}  // namespace seq2seq::study
