#pragma once

#include "seq2seq/parallel/pipeline/executor.h"

namespace seq2seq::parallel {

/// Runs one job after another in the calling thread, with all threads for each: for several places on one processor.
class SerialExecutor final : public Executor {
 public:
  void run(const JobGraph& graph, const std::vector<int64_t>& order, const std::function<void(int64_t job)>& work,
           const JobEnded& ended) override;
};

}  // namespace seq2seq::parallel
