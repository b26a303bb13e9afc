#pragma once

#include <vector>

#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// Start and end of each job of a graph, in seconds or any other unit.
struct JobTimes {
  std::vector<double> start, end;  // by job
  double total = 0;                // when the last one ends
};

/// Plays a graph through: a place runs one job at a time, and whenever it is free the ready one of the smallest
/// priority; of equal ones the first in the graph. `cost` of each job.
JobTimes list_schedule(const JobGraph& graph, const std::vector<double>& cost, const std::vector<double>& priority);

/// The jobs by their start; of equal starts the one whose priority is smaller.
std::vector<int64_t> order_by_start(const JobTimes& times, const std::vector<double>& priority);

/// Cost of a job that a schedule assumes: its products and a small constant.
std::vector<double> assumed_costs(const JobGraph& graph);

}  // namespace seq2seq::parallel
