#include "seq2seq/study/grid/status.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "seq2seq/core/error.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/study/record/training_facts.h"

namespace seq2seq::study {

namespace {

/// Seconds of finished runs, for estimates of the others.
struct Durations {
  std::vector<double> seconds;
  void add(const Record& record) { seconds.push_back(record.training.seconds + record.search_seconds); }
  std::optional<double> mean() const {
    if (seconds.empty()) return std::nullopt;
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size());
  }
};

/// Returns the mean duration of runs of the same row, or of its trial, or else of any runs.
std::optional<double> whole_duration(const StudyPlan& plan, const PlannedRun& planned, const RowSeconds& tried) {
  Durations same, any;
  for (const auto& other : plan.planned) {
    if (!other.record) continue;
    any.add(*other.record);
    if (other.run.cell == planned.run.cell) same.add(*other.record);
  }
  if (same.mean()) return same.mean();
  const auto trial = tried.find(planned.run.cell);
  return trial != tried.end() ? trial->second : any.mean();
}

void read_progress(RunStatus& status, const StudyPlan& plan, const PlannedRun& planned, const Files& files) {
  const RunFolder folder(places_of(plan, planned).folder);
  std::error_code absent;
  if (!std::filesystem::exists(folder.metrics(), absent)) return;
  const auto facts = training_facts(files.read(folder.metrics()), folder.metrics());
  status.update = facts.updates;
  status.seconds = facts.seconds;
  const double share = share_done(facts, planned.configuration->options.train);
  if (share >= 1) status.measured_only = true;  // a search was interrupted, or the study asks for another metric
  constexpr double enough = 0.02;               // below this, the time for starting distorts the estimate
  if (share > enough) status.left = facts.seconds * (1 - share) / share;
}

RunStatus status_of(const StudyPlan& plan, const PlannedRun& planned, const Files& files, const RowSeconds& tried) {
  RunStatus status;
  if (planned.record) {
    status.state = RunState::recorded;
    status.update = planned.record->training.updates;
    status.seconds = planned.record->training.seconds;
    status.left = 0;
    return status;
  }
  if (planned.identity.training.empty()) return status;  // a text is missing
  const auto places = places_of(plan, planned);
  std::error_code absent;
  try {
    read_progress(status, plan, planned, files);
  } catch (const Error& fault) {  // a damaged file of one run must not hide the others
    status.why = fault.what();
  }
  if (!status.left) {
    const auto whole = whole_duration(plan, planned, tried);
    if (whole) status.left = std::max(0.0, *whole - status.seconds);
  }
  if (is_locked(places.lock)) {
    status.state = RunState::training;
  } else if (!status.why.empty()) {
    status.state = RunState::failed;
  } else if (std::filesystem::exists(places.failure, absent)) {
    status.state = RunState::failed;
    status.why = files.read(places.failure);
    while (!status.why.empty() && status.why.back() == '\n') status.why.pop_back();
  } else if (status.update > 0 || RunFolder(places.folder).holds_run()) {
    status.state = RunState::stopped;
    const auto kept = RunFolder(places.folder).updates();
    if (!kept.empty()) status.update = kept.back();  // metrics.jsonl may be ahead of the last checkpoint
  }
  return status;
}

/// Of runs that differ only in search or test set, only the first is trained: marks all others as measured only.
void mark_measured_only(std::vector<RunStatus>& all, const StudyPlan& plan) {
  std::set<std::string> trained;
  for (const auto& planned : plan.planned)
    if (planned.record && RunFolder(places_of(plan, planned).folder).holds_run())
      trained.insert(planned.identity.training);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& training = plan.planned[i].identity.training;
    if (plan.planned[i].record || training.empty() || trained.insert(training).second) continue;
    all[i].measured_only = true;
    all[i].left = 0;
  }
}

/// An ensemble trains its missing members; apart from these it is only measured.
void estimate_ensembles(std::vector<RunStatus>& all, const StudyPlan& plan, const RowSeconds& tried) {
  std::set<std::string> trained;  // by rows that are not ensembles
  for (const auto& planned : plan.planned)
    if (planned.to_do() && planned.members.empty()) trained.insert(planned.identity.training);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& planned = plan.planned[i];
    if (planned.members.empty() || planned.record) continue;
    all[i].left = 0;
    all[i].measured_only = true;
    for (const auto& member : planned.members) {
      if (!trained.insert(member.identity.training).second) continue;
      if (RunFolder(places_of(plan, member).folder).holds_run()) continue;
      all[i].measured_only = false;
      const auto whole = whole_duration(plan, member, tried);
      if (all[i].left && whole)
        *all[i].left += *whole;
      else
        all[i].left.reset();
    }
  }
}

/// Until a run is finished, estimates the other runs from the running ones.
void judge_by_others(std::vector<RunStatus>& all) {
  Durations under_way;
  for (const auto& status : all)
    if (status.left && *status.left > 0) under_way.seconds.push_back(status.seconds + *status.left);
  for (auto& status : all)
    if (!status.left) status.left = under_way.mean();
}

}  // namespace

double share_done(const TrainingFacts& facts, const train::TrainOptions& options) {
  double share = 0;
  if (options.updates) share = static_cast<double>(facts.updates) / static_cast<double>(*options.updates);
  if (options.epochs && *options.epochs > 0) share = facts.epochs / *options.epochs;
  return std::min(1.0, share);
}

std::vector<RunStatus> survey(const StudyPlan& plan, const Files& files, const RowSeconds& tried) {
  std::vector<RunStatus> all;
  for (const auto& planned : plan.planned) all.push_back(status_of(plan, planned, files, tried));
  judge_by_others(all);
  mark_measured_only(all, plan);
  estimate_ensembles(all, plan, tried);
  for (size_t i = 0; i < all.size(); ++i)
    if (!plan.planned[i].asked_for) all[i].left = 0;
  return all;
}

std::string name_of(RunState state) {
  switch (state) {
    case RunState::recorded:
      return "done";
    case RunState::training:
      return "running";
    case RunState::failed:
      return "failed";
    case RunState::stopped:
      return "stopped";
    case RunState::to_do:
      break;
  }
  return "to do";
}

std::optional<double> time_left(const std::vector<RunStatus>& status, int64_t jobs) {
  double sum = 0, longest = 0;
  for (const auto& each : status) {
    if (!each.left) return std::nullopt;
    sum += *each.left;
    longest = std::max(longest, *each.left);
  }
  return std::max(longest, sum / static_cast<double>(std::max<int64_t>(1, jobs)));
}

}  // namespace seq2seq::study
