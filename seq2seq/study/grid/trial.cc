#include "seq2seq/study/grid/trial.h"

#include <exception>
#include <filesystem>
#include <set>
#include <unistd.h>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/train_run.h"
#include "seq2seq/study/record/training_facts.h"

namespace seq2seq::study {

namespace {

/// A folder that is removed at the end.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) { remove(); }
  ~Scratch() { remove(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path path_;
};

/// Returns the rows with a run that is finished, or advanced enough for `survey`.
std::set<std::string> known_rows(const StudyPlan& plan, const std::vector<RunStatus>& status) {
  std::set<std::string> known;
  for (size_t i = 0; i < status.size(); ++i)
    if (plan.planned[i].record || status[i].update > 0) known.insert(plan.planned[i].run.cell);
  return known;
}

config::Override setting(const std::string& key, const std::string& value) {
  return {.option = key, .key = key, .value = value};
}

double seconds_in_whole(const PlannedRun& planned, double seconds, const std::filesystem::path& folder,
                        const run::Environment& environment) {
  constexpr double seconds_a_minute = 60;
  auto settings = planned.run.settings;
  settings.push_back(setting("train.minutes", fmt::format("{}", seconds / seconds_a_minute)));
  settings.push_back(setting("train.report_every_updates", "1"));  // so that the last line shows its progress
  run::train_new({.config = planned.run.base, .overrides = settings, .folder = folder, .init_from = {}}, environment);
  const RunFolder run(folder);
  const auto facts = training_facts(environment.files->read(run.metrics()), run.metrics());
  const double share = share_done(facts, planned.configuration->options.train);
  if (share > 0) return facts.seconds / share;
  throw Error(fmt::format("did not finish an update in {} s", seconds), "Give `--measure` more seconds");
}

}  // namespace

RowSeconds try_rows(const StudyPlan& plan, const std::vector<RunStatus>& status, double seconds,
                    const run::Environment& environment) {
  environment.files->make_folder(plan.runs);
  const Scratch scratch(plan.runs / fmt::format("trial-{}", getpid()));
  auto known = known_rows(plan, status);
  Log quiet(environment.log->out(), Log::Level::quiet);  // a trial cannot be resumed, so its messages would mislead
  auto unseen = environment;
  unseen.log = &quiet;
  RowSeconds rows;
  for (size_t i = 0; i < status.size() && !interrupted(); ++i) {
    const auto& planned = plan.planned[i];
    if (!planned.to_do() || status[i].measured_only || !planned.members.empty() ||
        !known.insert(planned.run.cell).second)
      continue;
    environment.log->say(fmt::format("--- {}: a trial of {} s", planned.run.cell, seconds));
    try {
      rows[planned.run.cell] = seconds_in_whole(planned, seconds, scratch.path() / std::to_string(i), unseen);
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& error) {  // also when a device runs out of memory
      environment.log->warn(fmt::format("{}: {}", planned.run.cell, error.what()));
    }
  }
  return rows;
}

}  // namespace seq2seq::study
