#pragma once

#include <cstdint>
#include <string>

#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Draws a line for each place with `columns` slots of equal time. Each slot shows the work that fills most of it: F
/// forward, B backward, W derivatives of parameters, a dot for none. The share of waiting time follows, and a legend
/// below.
///
///     0 cuda:0 |FFFFFF..BBBBBBWW..|  22.2 % idle
std::string text_timeline(const Timeline& timeline, int64_t columns);

}  // namespace seq2seq::parallel
