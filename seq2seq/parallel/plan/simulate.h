#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/parallel/plan/costs.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Executor of the jobs of the places.
enum class Workers {
  streams,    // accelerators: a place is a queue of its device; one thread issues all jobs in the schedule's order
  per_place,  // processors: a thread a place
  one         // processors: one job after another, on all of them
};

/// A job as the simulator sees it: seconds alone on its device, or on one processor.
struct SimulatedJob {
  int64_t place = 0;
  double transfer = 0, work = 0, issue = 0;
};

struct SimulatedMachine {
  Workers workers = Workers::streams;
  std::vector<int64_t> devices;  // of each place
  double processors = 0;         // shared by all places where the workers are threads
  double speed_up = 1;           // of one job on all processors
  double together = 1;           // speed of a job on each processor at a time, over one job
  double team = 1;               // processors that work on a job, where each place has a thread of its own
  bool shared_link = false;
};

struct JobSpans {
  std::vector<double> start, end;   // s, of each job
  std::vector<double> waits_issue;  // s that each place waited for nothing but the thread that issues work
  double seconds = 0;
};

/// Plays jobs through, event by event. A place runs one job at a time, its own in the given order, each after those it
/// needs. Jobs that run on one device, or on the processors, at the same time share its speed equally, and so do
/// transfers where they share a link. A job ends no sooner than it is issued.
JobSpans play(const std::vector<SimulatedJob>& jobs, const std::vector<std::vector<int64_t>>& needs,
              const std::vector<int64_t>& order, const SimulatedMachine& machine);

/// The machine that plays a layout on a hardware.
SimulatedMachine machine_of(const Hardware& hardware, const Layout& layout, Workers workers);

}  // namespace seq2seq::parallel
