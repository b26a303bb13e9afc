#pragma once

#include <string>
#include <vector>

#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// A timeline with the title of its drawing: `predicted`, `measured`.
struct TitledTimeline {
  std::string title;
  Timeline timeline;
};

/// Draws timelines as SVG: one row per place with its stages, their work in three colours that also differ in
/// lightness, and the share of time in which each place waits. The timelines are stacked and share one time axis.
std::string svg_timeline(const std::vector<TitledTimeline>& timelines);

}  // namespace seq2seq::parallel
