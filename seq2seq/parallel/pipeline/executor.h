#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <c10/core/Device.h>

#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// Called after a job has ended, with its start and end in seconds since run() began.
using JobEnded = std::function<void(int64_t job, double start, double end)>;

/// Runs the jobs of an update: each job after those it depends on, and the jobs of one place in the order of the
/// schedule.
class Executor {
 public:
  virtual ~Executor() = default;
  /// `work` runs a job; if it throws, the run stops and run() rethrows. `ended` may be empty; it is called once for
  /// each job, in order within a place, and never after run() has returned.
  virtual void run(const JobGraph& graph, const std::vector<int64_t>& order,
                   const std::function<void(int64_t job)>& work, const JobEnded& ended) = 0;
  /// Returns true if a job has finished when `work` returns, and is not just queued on a device.
  virtual bool works_at_once() const { return true; }
};

}  // namespace seq2seq::parallel
