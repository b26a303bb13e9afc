#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

struct WorkOutcome {
  int64_t recorded = 0;  // runs that were trained, or only measured, and have a record now
  int64_t failed = 0;
  bool interrupted = false;
};

/// Trains and measures, one after another, the runs that have no record, that no other process works on, and that have
/// not failed; a run that was started is resumed from its last checkpoint. Any number of processes may work on one
/// study at once, on one machine or on several that share the folders. A run that fails is logged, leaves its reason in
/// a file beside its folder, and does not stop the others.
WorkOutcome work(StudyPlan& plan, const run::Environment& environment);

/// Removes the reasons of failed runs, so that they are tried again.
void forget_failures(const StudyPlan& plan, Files& files);

/// Marks the selected runs to be made again, even finished ones, and removes their folders. An old record stays until
/// the new one replaces it. Throws UsageError if a text is missing, and Error if another process works on one of the
/// runs; then nothing has changed.
void retrain(StudyPlan& plan, Files& files);

}  // namespace seq2seq::study
