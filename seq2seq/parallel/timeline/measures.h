#pragma once

#include <vector>

#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Seconds that each place works, overlapping entries counted once.
std::vector<double> busy_seconds(const Timeline& timeline);

/// The share of the update that each place waits: its bubble.
std::vector<double> bubbles(const Timeline& timeline);

/// The share of all places' time that they wait. Places without any work are left out.
double overall_bubble(const Timeline& timeline);

}  // namespace seq2seq::parallel
