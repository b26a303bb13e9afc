#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/parallel/plan/costs.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "seq2seq/parallel/timeline/timeline.h"

namespace seq2seq::parallel {

/// Workers that run the jobs of the places.
enum class Workers {
  streams,    // accelerators: a place is a queue of its device; one thread issues all jobs in the schedule's order
  per_place,  // processors: one thread per place
  one         // processors: one job after another, on all of them
};

/// A job for the simulator, in seconds if it runs alone on its device or on one processor.
struct SimulatedJob {
  int64_t place = 0;
  double transfer = 0, work = 0, issue = 0;
};

struct SimulatedMachine {
  Workers workers = Workers::streams;
  std::vector<int64_t> devices;  // of each place
  double processors = 0;         // shared by all places, if the workers are threads
  double speed_up = 1;           // of one job on all processors
  double together = 1;           // speed of simultaneous jobs, one per processor, relative to one job
  double team = 1;               // processors per job, if each place has its own thread
  bool shared_link = false;
};

struct JobSpans {
  std::vector<double> start, end;   // s, of each job
  std::vector<double> waits_issue;  // s that each place waited only for the thread that issues work
  double seconds = 0;
};

/// Simulates the jobs, event by event. A place runs one job at a time, in the given order, each after those it depends
/// on. Simultaneous jobs on one device, or on the processors, share its speed equally; so do transfers on a shared
/// link. A job does not end before it is issued.
JobSpans simulate(const std::vector<SimulatedJob>& jobs, const std::vector<std::vector<int64_t>>& needs,
                  const std::vector<int64_t>& order, const SimulatedMachine& machine);

/// Returns the simulated machine for a layout on a hardware.
SimulatedMachine machine_of(const Hardware& hardware, const Layout& layout, Workers workers);

}  // namespace seq2seq::parallel
