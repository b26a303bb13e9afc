#pragma once

#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/grid/plan.h"
#include "seq2seq/study/grid/status.h"

namespace seq2seq::study {

/// For every row without training so far, trains one run for `seconds`, in a folder that is removed afterwards, and
/// estimates from its progress how long the whole run takes. A row with a failed training is logged and left out. Stops
/// early at a signal.
RowSeconds try_rows(const StudyPlan& plan, const std::vector<RunStatus>& status, double seconds,
                    const run::Environment& environment);

}  // namespace seq2seq::study
