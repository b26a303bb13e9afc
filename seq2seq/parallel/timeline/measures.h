#pragma once

#include <vector>

#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Returns the seconds in which each place works; overlapping entries count once.
std::vector<double> busy_seconds(const Timeline& timeline);

/// Returns the share of the update in which each place waits: its bubble.
std::vector<double> bubbles(const Timeline& timeline);

/// Returns the share of all places' time spent waiting. Places without any work are left out.
double overall_bubble(const Timeline& timeline);

}  // namespace seq2seq::parallel
