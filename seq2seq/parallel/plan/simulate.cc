#include "seq2seq/parallel/plan/simulate.h"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

namespace seq2seq::parallel {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

/// One simulation. A running job passes through its transfer, its work, and any remaining time until it is issued.
class Simulation {
 public:
  Simulation(const std::vector<SimulatedJob>& jobs, const std::vector<std::vector<int64_t>>& needs,
             const std::vector<int64_t>& order, const SimulatedMachine& machine)
      : jobs_(jobs), needs_(needs), machine_(machine), done_(jobs.size(), false) {
    const bool one = machine.workers == Workers::one;
    queues_.resize(one ? 1 : machine.devices.size());
    running_.resize(queues_.size());
    spans_.start.resize(jobs.size());
    spans_.end.resize(jobs.size());
    spans_.waits_issue.resize(machine.devices.size(), 0);
    double issued = 0;
    issue_start_.resize(jobs.size());
    for (const int64_t job : order) {
      const auto number = static_cast<size_t>(job);
      queues_[one ? 0 : static_cast<size_t>(jobs[number].place)].push_back(number);
      issue_start_[number] = issued;
      if (machine.workers == Workers::streams) issued += jobs[number].issue;
    }
    next_.resize(queues_.size(), 0);
    left_ = order.size();
  }

  JobSpans run() {
    start_ready();
    while (left_ > 0) {
      find_rates();
      const double until = next_event();
      if (until == never) throw std::logic_error("a schedule with an impossible order");
      for (auto& job : running_)
        if (job.active) job.left = std::max(0.0, job.left - job.rate * (until - now_));
      now_ = until;
      end_phases();
      start_ready();
    }
    spans_.seconds = now_;
    return std::move(spans_);
  }

 private:
  enum class Phase { transfer, work, issue };
  struct Running {
    bool active = false;
    size_t job = 0;
    Phase phase = Phase::transfer;
    double left = 0, rate = 1, until = 0;  // left: seconds alone; rate: its speed; until: its end at this rate
  };

  bool is_ready(size_t job) const {
    return std::ranges::all_of(needs_[job], [&](int64_t before) { return done_[static_cast<size_t>(before)]; });
  }

  void start_ready() {
    for (size_t worker = 0; worker < queues_.size(); ++worker) {
      if (running_[worker].active || next_[worker] == queues_[worker].size()) continue;
      const size_t job = queues_[worker][next_[worker]];
      if (!is_ready(job)) {
        ready_since_.erase(worker);
        continue;
      }
      ready_since_.try_emplace(worker, now_);
      if (issue_start_[job] > now_) continue;  // a separate event: see next_event
      spans_.waits_issue[static_cast<size_t>(jobs_[job].place)] += now_ - ready_since_.at(worker);
      ready_since_.erase(worker);
      ++next_[worker];
      spans_.start[job] = now_;
      running_[worker] = {.active = true, .job = job, .phase = Phase::transfer, .left = jobs_[job].transfer};
    }
  }

  double issued(size_t job) const {
    return issue_start_[job] + (machine_.workers == Workers::streams ? jobs_[job].issue : 0);
  }

  void find_rates() {
    std::map<int64_t, int> on_device;
    int transfers = 0, working = 0;
    for (const auto& each : running_) {
      if (!each.active) continue;
      if (each.phase == Phase::work) {
        ++working;
        ++on_device[machine_.devices[static_cast<size_t>(jobs_[each.job].place)]];
      }
      if (each.phase == Phase::transfer && each.left > 0) ++transfers;
    }
    for (auto& each : running_) {
      if (!each.active) continue;
      each.rate = 1;
      if (each.phase == Phase::transfer && machine_.shared_link && transfers > 1) each.rate = 1.0 / transfers;
      if (each.phase == Phase::work) each.rate = work_rate(working, on_device, each);
      each.until = each.phase == Phase::issue ? std::max(now_, issued(each.job)) : now_ + each.left / each.rate;
    }
  }

  double work_rate(int working, const std::map<int64_t, int>& on_device, const Running& each) const {
    switch (machine_.workers) {
      case Workers::one:
        return machine_.speed_up;
      case Workers::streams:
        return 1.0 / on_device.at(machine_.devices[static_cast<size_t>(jobs_[each.job].place)]);
      case Workers::per_place:
        break;
    }
    if (machine_.processors <= 1) return 1.0 / working;
    const double busy = std::min(working * machine_.team, machine_.processors);
    const double of_team = between(machine_.speed_up, machine_.team) / between(machine_.together, machine_.team);
    return between(machine_.together, busy) * of_team / working;
  }

  /// Interpolates: 1 for one busy processor, `all` for all of them.
  double between(double all, double busy) const { return 1 + (all - 1) * (busy - 1) / (machine_.processors - 1); }

  double next_event() const {
    double until = never;
    for (size_t worker = 0; worker < queues_.size(); ++worker) {
      if (running_[worker].active) until = std::min(until, running_[worker].until);
      if (ready_since_.contains(worker)) until = std::min(until, issue_start_[queues_[worker][next_[worker]]]);
    }
    return until;
  }

  void end_phases() {
    for (auto& each : running_) {
      if (!each.active || each.until > now_) continue;
      if (each.phase == Phase::transfer) {
        each.phase = Phase::work;
        each.left = jobs_[each.job].work;
        if (each.left > 0) continue;
      }
      if (each.phase == Phase::work) each.phase = Phase::issue;
      if (issued(each.job) > now_) continue;
      each.active = false;
      done_[each.job] = true;
      spans_.end[each.job] = now_;
      --left_;
    }
  }

  const std::vector<SimulatedJob>& jobs_;
  const std::vector<std::vector<int64_t>>& needs_;
  const SimulatedMachine& machine_;
  std::vector<std::vector<size_t>> queues_;  // by worker
  std::vector<size_t> next_;
  std::vector<Running> running_;
  std::vector<double> issue_start_;
  std::map<size_t, double> ready_since_;  // workers with a job that is not issued yet
  std::vector<bool> done_;
  JobSpans spans_;
  size_t left_ = 0;
  double now_ = 0;
};

}  // namespace

JobSpans simulate(const std::vector<SimulatedJob>& jobs, const std::vector<std::vector<int64_t>>& needs,
                  const std::vector<int64_t>& order, const SimulatedMachine& machine) {
  return Simulation(jobs, needs, order, machine).run();
}

SimulatedMachine machine_of(const Hardware& hardware, const Layout& layout, Workers workers) {
  const auto processors = static_cast<double>(hardware.processors.count);
  return {.workers = workers,
          .devices = layout.devices,
          .processors = processors,
          .speed_up = hardware.processors.speed_up,
          .together = hardware.processors.together > 0 ? hardware.processors.together : processors,
          .shared_link = hardware.link.shared};
}

}  // namespace seq2seq::parallel
