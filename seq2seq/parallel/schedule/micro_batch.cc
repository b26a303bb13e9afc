#include "seq2seq/parallel/schedule/micro_batch.h"

#include "seq2seq/config/keys.h"
#include "seq2seq/parallel/schedule/list_schedule.h"

namespace seq2seq::parallel {

void declare(config::Keys& keys, MicroBatchOptions& options) {
  keys.add("count", options.count, "number of parts of a batch").at_least(1).changes_no_result();
}

std::vector<int64_t> MicroBatchSchedule::order(const JobGraph& graph) const {
  std::vector<double> priority;
  const auto jobs = static_cast<double>(graph.jobs.size());
  for (size_t job = 0; job < graph.jobs.size(); ++job) {
    const auto kind = graph.jobs[job].kind;
    const int after = kind == Job::Kind::backward ? 0 : kind == Job::Kind::forward ? 1 : 2;
    priority.push_back(after * jobs + static_cast<double>(graph.jobs[job].micro_batch));
  }
  return order_by_start(list_schedule(graph, assumed_costs(graph), priority), priority);
}

}  // namespace seq2seq::parallel
