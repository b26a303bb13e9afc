#include "seq2seq/study/grid/work.h"

#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/train_run.h"
#include "seq2seq/study/record/measure.h"

namespace seq2seq::study {

namespace {

struct Busy {};

/// Returns false while another process holds the file. `study status` holds a lock for an instant to check it, so a
/// single attempt is not enough.
bool try_lock(std::optional<FileLock>& lock, const std::filesystem::path& file) {
  constexpr int looks = 3;
  constexpr std::chrono::milliseconds between{50};
  for (int look = 0; look < looks; ++look) {
    try {
      lock.emplace(file, [](const std::string& /*holder*/) { throw Busy(); });
      return true;
    } catch (const Busy&) {
      std::this_thread::sleep_for(between);
    }
  }
  return false;
}

/// Returns the runs that must be trained for `planned`.
std::vector<const PlannedRun*> runs_of(const PlannedRun& planned) {
  if (planned.members.empty()) return {&planned};
  std::vector<const PlannedRun*> members;
  for (const auto& member : planned.members) members.push_back(&member);
  return members;
}

/// Returns `planned` and the members of its ensemble.
std::vector<const PlannedRun*> locked_by(const PlannedRun& planned) {
  std::vector<const PlannedRun*> all{&planned};
  for (const auto& member : planned.members) all.push_back(&member);
  return all;
}

/// Does the work of one plan.
class Worker {
 public:
  Worker(StudyPlan& plan, const run::Environment& environment)
      : plan_(plan), environment_(environment), measurer_(environment) {}

  WorkOutcome run() {
    environment_.files->make_folder(plan_.runs);
    for (bool worked = true; worked && !outcome_.interrupted;) {
      worked = false;
      for (auto& planned : plan_.planned) {
        if (interrupted()) outcome_.interrupted = true;
        if (outcome_.interrupted) break;
        worked = take(planned) || worked;
      }
    }
    return outcome_;
  }

 private:
  /// Trains and measures the run, unless it is finished or failed, or another process has it. Returns true if it did
  /// so.
  bool take(PlannedRun& planned) {
    const auto places = places_of(plan_, planned);
    if (!planned.to_do() || has_failed(places)) return false;
    std::optional<FileLock> lock;
    if (!try_lock(lock, places.lock)) return false;
    find_records(plan_, *environment_.files, *environment_.log);  // the process that held the lock may have made it
    if (planned.record || has_failed(places)) return false;
    std::vector<std::optional<FileLock>> of_members(planned.members.size());
    for (size_t i = 0; i < of_members.size(); ++i)
      if (!try_lock(of_members[i], places_of(plan_, planned.members[i]).lock)) return false;
    return finish(planned, places), true;
  }

  void finish(PlannedRun& planned, const RunPlaces& places) {
    const auto name = fmt::format("{}, seed {}", planned.run.cell, planned.run.seed);
    environment_.log->say(fmt::format("--- {}", name));
    try {
      std::vector<TrainedRun> trained;
      for (const auto* run : runs_of(planned)) {
        const auto folder = places_of(plan_, *run).folder;
        if (!train_to_the_end(*run, folder)) {
          outcome_.interrupted = true;
          return;
        }
        trained.push_back({folder, run->identity});
      }
      auto metrics = plan_.spec.metrics;
      metrics.insert(metrics.end(), planned.kept.begin(), planned.kept.end());
      const auto record =
          measurer_.measure(trained, *planned.configuration, planned.identity, planned.run.cell, metrics);
      write_record(*environment_.files, plan_.records, record);
      environment_.files->remove(places.retrain);
      planned.record = std::make_shared<const Record>(record);
      ++outcome_.recorded;
    } catch (const Interrupted&) {
      outcome_.interrupted = true;
    } catch (const std::exception& error) {
      fail(name,
           is_out_of_memory(std::current_exception()) ? fmt::format("{}. {}", out_of_memory, out_of_memory_remedy)
                                                      : error.what(),
           places);
    }
  }

  /// Returns false if a signal came first; the training up to then is kept.
  bool train_to_the_end(const PlannedRun& planned, const std::filesystem::path& folder) {
    if (RunFolder(folder).holds_run()) check_is_run_of({folder, planned.identity}, environment_);
    while (true) {
      const auto outcome =
          RunFolder(folder).holds_run()
              ? resume(folder, {}, environment_)
              : run::train_new(
                    {.config = planned.run.base, .overrides = planned.run.settings, .folder = folder, .init_from = {}},
                    environment_);
      if (outcome.ending == train::Ending::interrupted) return false;
      if (outcome.ending != train::Ending::time_limit) return true;  // `train.minutes` ends a session, not a run
    }
  }

  bool has_failed(const RunPlaces& places) const {
    std::error_code absent;
    return std::filesystem::exists(places.failure, absent) || unwritten_.contains(places.failure);
  }

  void fail(const std::string& name, std::string why, const RunPlaces& places) {
    ++outcome_.failed;
    why = why.substr(0, why.find('\n'));
    environment_.log->warn(fmt::format("{} failed: {}", name, why));
    try {
      write_atomically(*environment_.files, places.failure, why + "\n");
    } catch (const Error& error) {  // a full disk must not prevent the other runs
      environment_.log->warn(error.what());
      unwritten_.insert(places.failure);
    }
  }

  StudyPlan& plan_;
  const run::Environment& environment_;
  Measurer measurer_;
  WorkOutcome outcome_;
  std::set<std::filesystem::path> unwritten_;  // failures that could not be written to a file
};

}  // namespace

WorkOutcome work(StudyPlan& plan, const run::Environment& environment) { return Worker(plan, environment).run(); }

void forget_failures(const StudyPlan& plan, Files& files) {
  for (const auto& planned : plan.planned)
    if (!planned.identity.result.empty()) files.remove(places_of(plan, planned).failure);
}

void retrain(StudyPlan& plan, Files& files) {
  auto again = plan;
  for (auto& planned : again.planned)
    if (planned.asked_for) planned.again = std::exchange(planned.record, nullptr) != nullptr;
  check_texts(again);
  check_folders(again);
  files.make_folder(again.runs);
  std::map<std::filesystem::path, std::optional<FileLock>> locks;  // runs that differ only in their search share one
  std::set<std::filesystem::path> folders;
  for (const auto& planned : again.planned) {
    if (!planned.asked_for) continue;
    for (const auto* run : locked_by(planned)) {
      const auto places = places_of(again, *run);
      if (!locks.contains(places.lock) && !try_lock(locks[places.lock], places.lock))
        throw Error(fmt::format("{}, seed {}: another process works on this run", run->run.cell, run->run.seed),
                    "Wait until it has ended, or stop it");
    }
    for (const auto* run : runs_of(planned)) folders.insert(places_of(again, *run).folder);
  }
  for (const auto& folder : folders) files.remove(folder);
  for (const auto& planned : again.planned)  // last: until then all runs are unchanged, or start again
    if (planned.asked_for) write_atomically(files, places_of(again, planned).retrain, "");
  plan = std::move(again);
}

}  // namespace seq2seq::study
