#pragma once

namespace seq2seq::cli {

/// Restarts the program once, so that waiting threads spin for a tenth of a millisecond instead of milliseconds: GNU's
/// OpenMP reads this time from the environment only when it is loaded. If other programs use the same processors, two
/// threads that spin for milliseconds train at a tenth of the speed of one. On an idle machine, the shorter time costs
/// nothing. Does nothing if GOMP_SPINCOUNT or OMP_WAIT_POLICY is already set, or for commands that do not train,
/// because a start costs 0.2 s.
void share_processors(int count, char** words);

}  // namespace seq2seq::cli
