#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/core/registry.h"
#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// Determines the order in which the jobs of an update are issued. Changes results only by rounding.
class Schedule {
 public:
  virtual ~Schedule() = default;
  /// Returns the number of parts, of about equally many sentences, into which a batch is split.
  virtual int64_t micro_batches() const { return 1; }
  /// Returns true if the steps are cut into chunks; otherwise a piece has all steps.
  virtual bool cuts_steps() const { return true; }
  /// Returns the number of every job once, each after those it depends on. A place runs its jobs in this order.
  virtual std::vector<int64_t> order(const JobGraph& graph) const = 0;
};

using ScheduleRegistry = Registry<Schedule>;
ScheduleRegistry builtin_schedules();  // layer_by_layer, wavefront, wavefront_deferred, micro_batch

}  // namespace seq2seq::parallel
