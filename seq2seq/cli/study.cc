#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/study_report.h"
#include "seq2seq/core/available_memory.h"
#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/text.h"
#include "seq2seq/study/grid/jobs.h"
#include "seq2seq/study/grid/trial.h"
#include "seq2seq/study/grid/work.h"
#include "seq2seq/study/table/commands.h"
#include "seq2seq/study/table/write.h"

namespace seq2seq::cli {

namespace {

constexpr const char* stopping_study =
    "\nstopping: each training finishes its update and writes a checkpoint; a second signal stops at once\n";

/// Arguments of every command on a study.
struct StudyArguments {
  std::string file, scale, runs = "runs/studies";
  std::vector<std::string> only;

  void declare(Arguments& arguments, bool chooses_rows = true) {
    arguments.required("FILE", file, "YAML file of the study");
    arguments.option("--scale", scale, "NAME", "scale to use, if there are several");
    arguments.option("--runs", runs, "FOLDER", "folder of the runs of all studies (default: runs/studies)");
    if (chooses_rows)
      arguments.repeatable("--only", only, "ROW",
                           "only the runs of this row, such as `reversed` or `reversed, low`; repeatable");
  }
  study::StudyPlan plan(const Context& context, Log& log) const {
    return study::make_plan({.study = file, .scale = scale, .runs = runs, .only = only}, *context.registries,
                            disk_files(), log);
  }
};

constexpr const char* jobs_meaning = "as in `study run`, to estimate the time left";
constexpr const char* stopping_trial = "\nstopping after the current update; a second signal stops at once\n";

int64_t parse_jobs(const std::optional<std::string>& text) {
  constexpr int64_t most_jobs = 1024;
  return text ? parse_number("--jobs", *text, int64_t{1}, most_jobs) : 0;
}

/// Parses the seconds of a row's trial.
std::optional<double> parse_seconds(const std::optional<std::string>& text) {
  constexpr double least = 0.1, most = 86'400;
  return text ? std::optional(parse_number("--measure", *text, least, most)) : std::nullopt;
}

int64_t runs_to_do(const study::StudyPlan& plan) {
  return std::count_if(plan.planned.begin(), plan.planned.end(), [](const auto& each) { return each.to_do(); });
}

int64_t largest_peak(const study::StudyPlan& plan) {
  int64_t peak = 0;
  for (const auto& each : plan.planned)
    if (each.record) peak = std::max(peak, each.record->peak_bytes);
  return peak;
}

study::Jobs jobs_for(const study::StudyPlan& plan, int64_t asked) {
  return study::fit_jobs(asked, processors(), runs_to_do(plan), largest_peak(plan), available_memory());
}

/// Empty if the folder was deleted: paths are then shown in full.
std::filesystem::path current_folder() {
  std::error_code gone;
  return std::filesystem::current_path(gone);
}

int print(const Context& context, const std::string& text) {
  *context.streams.out << text << std::flush;
  check_written(*context.streams.out);
  return Exit::done;
}

class StudyPlanCommand final : public Command {
 public:
  std::string name() const override { return "study plan"; }
  std::string about() const override { return "list the runs of a study, their states, and the time left"; }
  Help help() const override {
    return {.examples = {"study plan experiments/sutskever2014/reversal-copy.yaml --scale small",
                         "study plan question.yaml --measure 10"},
            .page = "docs/studies.md"};
  }
  void declare(Arguments& arguments) override {
    study_.declare(arguments);
    arguments.option("--jobs", jobs_, "N", jobs_meaning);
    arguments.option("--measure", seconds_, "SECONDS",
                     "train rows without any runs for this time and discard the result, to estimate times");
    arguments.option("--device", device_, "DEVICE", "device for --measure: cpu, cuda or cuda:N (default: cpu)");
  }
  int run(const Context& context) override {
    const int64_t asked = parse_jobs(jobs_);
    if (device_ && !seconds_) throw UsageError(Place{.part = "--device " + *device_}, "needs `--measure SECONDS`");
    const auto seconds = parse_seconds(seconds_);
    Log log(*context.streams.err);
    const auto plan = study_.plan(context, log);
    const auto jobs = jobs_for(plan, asked);
    const auto tried = seconds ? try_rows(context, plan, *seconds, jobs, log) : study::RowSeconds();
    return print(context, plan_text(plan, study::survey(plan, disk_files(), tried), jobs.jobs));
  }

 private:
  study::RowSeconds try_rows(const Context& context, const study::StudyPlan& plan, double seconds,
                             const study::Jobs& jobs, Log& log) const {
    study::check_texts(plan);
    CommonArguments common;
    common.device = device_.value_or(common.device);
    common.threads = std::to_string(jobs.threads);
    const InterruptGuard guard(stopping_trial);
    auto tried = study::try_rows(plan, study::survey(plan, disk_files()), seconds, common.environment(context, log));
    if (interrupted()) throw Interrupted("interrupted; no run was changed");
    return tried;
  }

  std::optional<std::string> jobs_, seconds_, device_;
  StudyArguments study_;
};

class StudyStatusCommand final : public Command {
 public:
  std::string name() const override { return "study status"; }
  std::string about() const override { return "show each run of a study: done, running or failed, and the time left"; }
  Help help() const override {
    return {.examples = {"study status experiments/sutskever2014/reversal-copy.yaml --scale small",
                         "study status question.yaml --jobs 2"},
            .page = "docs/studies.md"};
  }
  void declare(Arguments& arguments) override {
    study_.declare(arguments);
    arguments.option("--jobs", jobs_, "N", jobs_meaning);
  }
  int run(const Context& context) override {
    const int64_t asked = parse_jobs(jobs_);
    Log log(*context.streams.err);
    const auto plan = study_.plan(context, log);
    return print(context, status_text(plan, study::survey(plan, disk_files()), jobs_for(plan, asked).jobs));
  }

 private:
  std::optional<std::string> jobs_;
  StudyArguments study_;
};

class StudyTableCommand final : public Command {
 public:
  std::string name() const override { return "study table"; }
  std::string about() const override { return "write a study's table from its records, without training"; }
  Help help() const override {
    return {.examples = {"study table experiments/sutskever2014/reversal-copy.yaml --scale small",
                         "study table question.yaml --runs runs/studies"},
            .page = "docs/studies.md"};
  }
  void declare(Arguments& arguments) override { study_.declare(arguments, /*chooses_rows=*/false); }
  int run(const Context& context) override {
    Log log(*context.streams.err);
    const auto plan = study_.plan(context, log);
    return print(context, study::write_table(plan, disk_files(), current_folder()));
  }

 private:
  StudyArguments study_;
};

/// Worker process: `study run` starts several; on a cluster, start one on each machine.
class StudyWork final : public Command {
 public:
  std::string name() const override { return "study work"; }
  std::string about() const override { return "train runs of a study that no other process trains, one after another"; }
  Help help() const override {
    return {.examples = {"study work experiments/sutskever2014/reversal-copy.yaml --scale small",
                         "study work question.yaml --threads 2"},
            .page = "docs/studies.md"};
  }
  void declare(Arguments& arguments) override {
    study_.declare(arguments);
    common_.declare(arguments, "");
  }
  int run(const Context& context) override {
    auto log = common_.log(context);
    const auto environment = common_.environment(context, log);
    auto plan = study_.plan(context, log);
    study::check_texts(plan);
    study::check_folders(plan);
    const InterruptGuard guard(common_.quiet ? nullptr : stopping_study);
    const auto outcome = study::work(plan, environment);
    return outcome.interrupted ? Exit::interrupted_with_checkpoint : outcome.failed > 0 ? Exit::failed : Exit::done;
  }

 private:
  StudyArguments study_;
  CommonArguments common_;
};

class StudyRunCommand final : public Command {
 public:
  std::string name() const override { return "study run"; }
  std::string about() const override { return "train and measure the missing runs of a study, and write its table"; }
  Help help() const override {
    return {.examples = {"study run experiments/sutskever2014/reversal-copy.yaml --scale small",
                         "study run question.yaml --only reversed"},
            .page = "docs/studies.md"};
  }
  void declare(Arguments& arguments) override {
    study_.declare(arguments);
    arguments.option("--jobs", jobs_, "N", "number of parallel runs (default: as many as processors and memory allow)");
    arguments.flag("--retrain", retrain_, "train all runs again, even finished ones; with `--only`, those of a row");
    common_.declare(arguments, "");
  }
  int run(const Context& context) override {
    const int64_t asked = parse_jobs(jobs_);
    auto log = common_.log(context);
    auto environment = common_.environment(context, log);
    auto plan = study_.plan(context, log);
    if (retrain_) study::retrain(plan, disk_files());
    study::check_texts(plan);
    study::check_folders(plan);
    study::forget_failures(plan, disk_files());
    bool stopped = false;
    if (runs_to_do(plan) > 0) {
      const InterruptGuard guard(common_.quiet ? nullptr : stopping_study);
      const auto jobs = jobs_for(plan, asked);
      log.say(plan_text(plan, study::survey(plan, disk_files()), jobs.jobs));
      stopped = jobs.jobs == 1 ? study::work(plan, environment).interrupted : work_together(plan, jobs, environment);
      study::find_records(plan, disk_files(), log);
    }
    print(context, study::write_table(plan, disk_files(), current_folder()));
    return ending(context, plan, stopped, log);
  }

 private:
  /// Returns the threads of each job: as requested, or its share of the processors.
  std::string threads_of(const study::Jobs& jobs) const {
    return common_.threads == "0" ? std::to_string(jobs.threads) : common_.threads;
  }

  /// Returns true if a signal ended it.
  bool work_together(const study::StudyPlan& plan, const study::Jobs& jobs, const run::Environment& environment) const {
    std::vector<std::string> words{"study",    "work",         study_.file, "--runs",    study_.runs,
                                   "--device", common_.device, "--quiet",   "--threads", threads_of(jobs)};
    if (!study_.scale.empty()) words.insert(words.end(), {"--scale", study_.scale});
    for (const auto& row : study_.only) words.insert(words.end(), {"--only", row});
    StudyProgress progress(plan, jobs.jobs, environment);
    const auto faults = study::run_processes("/proc/self/exe", words, jobs.jobs, [&progress] { progress.tick(); });
    progress.finish();
    for (const auto& fault : faults)
      if (!fault.empty()) environment.log->warn(fault + "; run the study again to continue its run");
    return interrupted();
  }

  int ending(const Context& context, const study::StudyPlan& plan, bool stopped, Log& log) const {
    log.say(fmt::format("written: {}", (plan.outputs() / "index.html").lexically_normal().string()));
    const auto missing = runs_to_do(plan);
    if (missing == 0) return Exit::done;
    for (const auto& line : missing_lines(plan, study::survey(plan, disk_files()))) log.warn(line);
    log.say(fmt::format("continue with: {} study run {}", context.program, typed()));
    return stopped ? Exit::interrupted_with_checkpoint : Exit::failed;
  }

  /// Returns the arguments of `study run`, for a command to repeat it.
  std::string typed() const {
    auto text = shell_word(study_.file);
    const auto add = [&text](const char* option, const std::string& value, const std::string& otherwise) {
      if (value != otherwise) text += fmt::format(" {} {}", option, shell_word(value));
    };
    add("--scale", study_.scale, "");
    for (const auto& row : study_.only) add("--only", row, "");
    add("--runs", study_.runs, "runs/studies");
    add("--jobs", jobs_.value_or(""), "");
    add("--threads", common_.threads, "0");
    add("--device", common_.device, "");
    return text;
  }

  StudyArguments study_;
  std::optional<std::string> jobs_;
  bool retrain_ = false;
  CommonArguments common_;
};

}  // namespace

std::unique_ptr<Command> study_plan_command() { return std::make_unique<StudyPlanCommand>(); }
std::unique_ptr<Command> study_status_command() { return std::make_unique<StudyStatusCommand>(); }
std::unique_ptr<Command> study_table_command() { return std::make_unique<StudyTableCommand>(); }
std::unique_ptr<Command> study_work_command() { return std::make_unique<StudyWork>(); }
std::unique_ptr<Command> study_run_command() { return std::make_unique<StudyRunCommand>(); }

}  // namespace seq2seq::cli
