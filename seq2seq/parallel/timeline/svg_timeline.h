#pragma once

#include <string>
#include <vector>

#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// A timeline with what stands above its drawing: `predicted`, `measured`.
struct TitledTimeline {
  std::string title;
  Timeline timeline;
};

/// A drawing as SVG: a row a place with the stages in it, their work in three colours that differ in lightness, too,
/// the share that each place waits, and one axis of time for all timelines, which stand one above the other.
std::string svg_timeline(const std::vector<TitledTimeline>& timelines);

}  // namespace seq2seq::parallel
