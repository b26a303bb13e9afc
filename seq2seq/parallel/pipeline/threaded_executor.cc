#include "seq2seq/parallel/pipeline/threaded_executor.h"

#include <chrono>
#include <cstdlib>
#include <omp.h>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

extern "C" int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));  // in LibTorch, if built with MKL

namespace seq2seq::parallel {
namespace {

using Clock = std::chrono::steady_clock;

/// LibTorch sets the number of threads when a thread first uses it; OpenMP and MKL have one number per thread.
void use_team(int threads) {
  at::init_num_threads();
  omp_set_num_threads(threads);
  if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(threads);
}

}  // namespace

/// State of an update shared by the workers. The executor's mutex guards everything that changes.
struct ThreadedExecutor::Update {
  const JobGraph& graph;
  const std::function<void(int64_t job)>& work;
  const JobEnded& ended;
  Clock::time_point begin = Clock::now();
  std::vector<std::vector<int64_t>> queues;  // by place, in order
  std::vector<size_t> next;                  // by place: index into its queue
  std::vector<int64_t> running;              // by place: a job, or -1
  std::vector<bool> done;                    // by job
  size_t left = 0;
  std::exception_ptr fault{};

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  bool ready(int64_t place) const {
    const auto& queue = queues[static_cast<size_t>(place)];
    const size_t position = next[static_cast<size_t>(place)];
    if (fault || position == queue.size()) return false;
    for (const int64_t before : graph.jobs[static_cast<size_t>(queue[position])].needs)
      if (!done[static_cast<size_t>(before)]) return false;
    return true;
  }

  bool over() const { return left == 0 || (fault && idle()); }

  bool idle() const {
    for (const int64_t job : running)
      if (job >= 0) return false;
    return true;
  }
};

ThreadedExecutor::ThreadedExecutor(int64_t places, int team, double patience,
                                   std::function<void(const std::string& what)> stalled)
    : patience_(patience), stalled_(std::move(stalled)), has_work_(static_cast<size_t>(places)) {
  for (int64_t place = 0; place < places; ++place) workers_.emplace_back([this, place, team] { serve(place, team); });
}

ThreadedExecutor::~ThreadedExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  for (auto& has_work : has_work_) has_work.notify_one();
  for (auto& worker : workers_) worker.join();
}

void ThreadedExecutor::serve(int64_t place, int team) {
  use_team(team);
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_[static_cast<size_t>(place)].wait(
        lock, [&] { return closing_ || (update_ != nullptr && update_->ready(place)); });
    if (closing_) return;
    auto& update = *update_;
    const auto job = update.queues[static_cast<size_t>(place)][update.next[static_cast<size_t>(place)]++];
    update.running[static_cast<size_t>(place)] = job;
    lock.unlock();
    const double start = update.seconds();
    std::exception_ptr fault{};
    try {
      update.work(job);
    } catch (...) {
      fault = std::current_exception();
    }
    const double end = update.seconds();
    lock.lock();
    update.running[static_cast<size_t>(place)] = -1;
    update.done[static_cast<size_t>(job)] = true;
    --update.left;
    if (fault && !update.fault) update.fault = fault;
    if (!fault && update.ended) update.ended(job, start, end);
    wake(update);
  }
}

/// Wakes only the places that have a ready job: there may be many more places than processors.
void ThreadedExecutor::wake(Update& update) {
  for (size_t place = 0; place < has_work_.size(); ++place)
    if (update.running[place] < 0 && update.ready(static_cast<int64_t>(place))) has_work_[place].notify_one();
  if (update.over()) over_.notify_one();
}

void ThreadedExecutor::run(const JobGraph& graph, const std::vector<int64_t>& order,
                           const std::function<void(int64_t job)>& work, const JobEnded& ended) {
  Update update{.graph = graph, .work = work, .ended = ended, .queues = {}, .next = {}, .running = {}, .done = {}};
  update.queues.resize(workers_.size());
  update.next.resize(workers_.size(), 0);
  update.running.resize(workers_.size(), -1);
  update.done.resize(graph.jobs.size(), false);
  update.left = order.size();
  for (const int64_t job : order)
    update.queues[static_cast<size_t>(graph.jobs[static_cast<size_t>(job)].place)].push_back(job);
  std::unique_lock lock(mutex_);
  update_ = &update;
  wake(update);
  wait_for_all(update, lock);
  update_ = nullptr;
  if (update.fault) std::rethrow_exception(update.fault);
}

void ThreadedExecutor::wait_for_all(Update& update, std::unique_lock<std::mutex>& lock) {
  while (!update.over()) {
    const size_t left = update.left;
    over_.wait_for(lock, std::chrono::duration<double>(patience_), [&update] { return update.over(); });
    if (update.over() || update.left < left) continue;
    std::vector<std::string> stuck;
    for (const int64_t number : update.running) {
      if (number < 0) continue;
      const auto& job = update.graph.jobs[static_cast<size_t>(number)];
      stuck.push_back(fmt::format("stage `{}` ({}, steps {} to {})",
                                  update.graph.stages[static_cast<size_t>(job.stage)].name, name_of(job.kind),
                                  job.piece.first_step, job.piece.last_step));
    }
    stalled_(fmt::format("no stage has made progress for {:.0f} s; waiting for {}", patience_, fmt::join(stuck, ", ")));
    std::_Exit(EXIT_FAILURE);
  }
}

}  // namespace seq2seq::parallel
