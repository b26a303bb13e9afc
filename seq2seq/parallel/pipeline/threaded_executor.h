#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "seq2seq/parallel/pipeline/executor.h"

namespace seq2seq::parallel {

/// One worker thread per place, each with its own team of threads: for stages that work at the same time on one
/// processor.
class ThreadedExecutor final : public Executor {
 public:
  /// `team`: threads for a worker's kernels. `patience` [s]: if no job ends for this long, `stalled` is called with the
  /// running jobs, and the process ends with status 1, because a thread that hangs cannot be stopped.
  ThreadedExecutor(int64_t places, int team, double patience, std::function<void(const std::string& what)> stalled);
  ~ThreadedExecutor() override;
  ThreadedExecutor(const ThreadedExecutor&) = delete;
  ThreadedExecutor& operator=(const ThreadedExecutor&) = delete;

  void run(const JobGraph& graph, const std::vector<int64_t>& order, const std::function<void(int64_t job)>& work,
           const JobEnded& ended) override;

 private:
  struct Update;  // one run()
  void serve(int64_t place, int team);
  void wake(Update& update);
  void wait_for_all(Update& update, std::unique_lock<std::mutex>& lock);

  double patience_;
  std::function<void(const std::string& what)> stalled_;
  std::mutex mutex_;
  std::vector<std::condition_variable> has_work_;  // by place: its next job is ready, or the update is over
  std::condition_variable over_;                   // the update is over
  Update* update_ = nullptr;                       // current update
  bool closing_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace seq2seq::parallel
