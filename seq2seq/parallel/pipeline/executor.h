#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <c10/core/Device.h>

#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// What a job starts and ends at: seconds since the executor's run() began.
using JobEnded = std::function<void(int64_t job, double start, double end)>;

/// Runs the jobs of an update, each after those it needs, those of one place in the order of the schedule.
class Executor {
 public:
  virtual ~Executor() = default;
  /// `work` does a job; an exception of it ends the run and leaves here. `ended` may be empty; it is called once a job,
  /// of one place in order, and returns before run() does.
  virtual void run(const JobGraph& graph, const std::vector<int64_t>& order,
                   const std::function<void(int64_t job)>& work, const JobEnded& ended) = 0;
  /// Whether a job is done when `work` returns, and not only issued.
  virtual bool works_at_once() const { return true; }
};

}  // namespace seq2seq::parallel
