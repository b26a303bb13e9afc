#pragma once

#include <string>
#include <vector>

#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// Work of a place, with times in seconds since the start of the update.
struct TimelineEntry {
  std::string stage;  // `encoder.0`
  Job::Kind kind = Job::Kind::forward;
  int64_t place = 0;
  int64_t micro_batch = 0;
  int64_t first_step = 0, last_step = 0;
  double start = 0, end = 0;
};

/// One update, measured or predicted.
struct Timeline {
  std::vector<std::string> places;  // `cuda:0`, by place
  std::vector<TimelineEntry> entries;
  double seconds = 0;
};

}  // namespace seq2seq::parallel
