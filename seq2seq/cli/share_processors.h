#pragma once

namespace seq2seq::cli {

/// Starts the program anew, once, where threads would wait for each other by spinning for milliseconds: GNU's OpenMP
/// reads how long only when it is loaded, from the environment. On processors that others use too, two threads that
/// spin train at a tenth of the speed of one; with a tenth of a millisecond they share, and where nobody else is,
/// nothing is lost. Does nothing where GOMP_SPINCOUNT or OMP_WAIT_POLICY is set already, and for commands that do not
/// train: a start costs 0.2 s.
void share_processors(int count, char** words);

}  // namespace seq2seq::cli
