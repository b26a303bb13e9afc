#pragma once

#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/grid/plan.h"
#include "seq2seq/study/grid/status.h"

namespace seq2seq::study {

/// Trains a run of every row of which nothing was trained yet for so many seconds, in a folder that is removed after,
/// and tells from how far it came how long the whole will take. A row whose training fails is told in the log and left
/// out. Stops early when a signal comes.
RowSeconds try_rows(const StudyPlan& plan, const std::vector<RunStatus>& status, double seconds,
                    const run::Environment& environment);

}  // namespace seq2seq::study
