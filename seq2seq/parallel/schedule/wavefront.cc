#include "seq2seq/parallel/schedule/wavefront.h"

#include <algorithm>
#include <numeric>

#include "seq2seq/config/keys.h"
#include "seq2seq/parallel/schedule/list_schedule.h"

namespace seq2seq::parallel {
namespace {

/// Returns the time at which each job is due. Derivatives of parameters are due right after the job that provides their
/// data.
std::vector<double> diagonals(const JobGraph& graph) {
  const auto level = levels(graph);
  std::vector<double> due;
  for (size_t job = 0; job < graph.jobs.size(); ++job)
    due.push_back(static_cast<double>(level[job]) - (graph.jobs[job].kind == Job::Kind::weights ? 0.5 : 0));
  return due;
}

}  // namespace

void declare(config::Keys&, WavefrontOptions&) {}

std::vector<int64_t> Wavefront::order(const JobGraph& graph) const {
  auto due = diagonals(graph);
  std::vector<int64_t> order(graph.jobs.size());
  std::iota(order.begin(), order.end(), 0);
  if (!options_.deferred) {
    std::ranges::stable_sort(
        order, [&](int64_t a, int64_t b) { return due[static_cast<size_t>(a)] < due[static_cast<size_t>(b)]; });
    return order;
  }
  const double last = *std::ranges::max_element(due);
  for (size_t job = 0; job < due.size(); ++job)
    if (graph.jobs[job].kind == Job::Kind::weights) due[job] += last;  // whenever a place is otherwise idle
  return order_by_start(list_schedule(graph, assumed_costs(graph), due), due);
}

}  // namespace seq2seq::parallel
