#pragma once

#include <vector>

#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// Start and end of each job of a graph, in seconds or any other unit.
struct JobTimes {
  std::vector<double> start, end;  // by job
  double total = 0;                // end of the last job
};

/// Simulates a graph: a place runs one job at a time. Whenever it is free, it starts the ready job with the smallest
/// priority; of equal ones, the first in the graph. `cost`: of each job.
JobTimes list_schedule(const JobGraph& graph, const std::vector<double>& cost, const std::vector<double>& priority);

/// Returns the jobs in order of their start; for equal starts, the smaller priority first.
std::vector<int64_t> order_by_start(const JobTimes& times, const std::vector<double>& priority);

/// Returns the costs that schedules assume for jobs: their products and a small constant.
std::vector<double> assumed_costs(const JobGraph& graph);

}  // namespace seq2seq::parallel
