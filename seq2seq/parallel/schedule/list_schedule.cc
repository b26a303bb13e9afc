#include "seq2seq/parallel/schedule/list_schedule.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

namespace seq2seq::parallel {
namespace {

using Ranked = std::pair<double, int64_t>;  // priority, job
using Smallest = std::priority_queue<Ranked, std::vector<Ranked>, std::greater<>>;

class Play {
 public:
  Play(const JobGraph& graph, const std::vector<double>& cost, const std::vector<double>& priority)
      : graph_(graph), cost_(cost), priority_(priority), missing_(graph.jobs.size()), followers_(graph.jobs.size()) {
    times_.start.resize(graph.jobs.size());
    times_.end.resize(graph.jobs.size());
    ready_.resize(static_cast<size_t>(graph.places));
    busy_.resize(static_cast<size_t>(graph.places), false);
    for (size_t job = 0; job < graph.jobs.size(); ++job) {
      missing_[job] = std::ssize(graph.jobs[job].needs);
      for (const int64_t before : graph.jobs[job].needs)
        followers_[static_cast<size_t>(before)].push_back(static_cast<int64_t>(job));
      if (missing_[job] == 0) make_ready(static_cast<int64_t>(job));
    }
  }

  JobTimes run() {
    for (int64_t place = 0; place < graph_.places; ++place) start_next(place, 0);
    while (!running_.empty()) {
      const double now = running_.top().first;
      std::vector<int64_t> woken;
      while (!running_.empty() && running_.top().first == now) {
        const int64_t job = running_.top().second;
        running_.pop();
        finish(job, woken);
      }
      std::ranges::sort(woken);
      for (const int64_t place : woken) start_next(place, now);
      times_.total = now;
    }
    return std::move(times_);
  }

 private:
  const Job& at(int64_t job) const { return graph_.jobs[static_cast<size_t>(job)]; }
  void make_ready(int64_t job) {
    ready_[static_cast<size_t>(at(job).place)].push({priority_[static_cast<size_t>(job)], job});
  }

  void finish(int64_t job, std::vector<int64_t>& woken) {
    busy_[static_cast<size_t>(at(job).place)] = false;
    woken.push_back(at(job).place);
    for (const int64_t next : followers_[static_cast<size_t>(job)]) {
      if (--missing_[static_cast<size_t>(next)] > 0) continue;
      make_ready(next);
      woken.push_back(at(next).place);
    }
  }

  void start_next(int64_t place, double now) {
    auto& ready = ready_[static_cast<size_t>(place)];
    if (busy_[static_cast<size_t>(place)] || ready.empty()) return;
    const auto job = static_cast<size_t>(ready.top().second);
    ready.pop();
    busy_[static_cast<size_t>(place)] = true;
    times_.start[job] = now;
    times_.end[job] = now + cost_[job];
    running_.push({times_.end[job], static_cast<int64_t>(job)});
  }

  const JobGraph& graph_;
  const std::vector<double>&cost_, &priority_;
  std::vector<int64_t> missing_;                 // number of jobs that a job still waits for
  std::vector<std::vector<int64_t>> followers_;  // by job
  std::vector<Smallest> ready_;                  // by place
  std::vector<bool> busy_;                       // by place
  Smallest running_;                             // in order of their ends
  JobTimes times_;
};

}  // namespace

JobTimes list_schedule(const JobGraph& graph, const std::vector<double>& cost, const std::vector<double>& priority) {
  return Play(graph, cost, priority).run();
}

std::vector<int64_t> order_by_start(const JobTimes& times, const std::vector<double>& priority) {
  std::vector<int64_t> order(times.start.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int64_t job) {
    const auto number = static_cast<size_t>(job);
    return std::tuple(times.start[number], times.end[number], priority[number]);
  };
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return key(a) < key(b); });
  return order;
}

std::vector<double> assumed_costs(const JobGraph& graph) {
  double products = 1;
  for (const auto& job : graph.jobs) products = std::max(products, job.products);
  std::vector<double> costs;
  for (const auto& job : graph.jobs) costs.push_back(0.05 + job.products / products);
  return costs;
}

}  // namespace seq2seq::parallel
