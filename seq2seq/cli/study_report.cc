#include "seq2seq/cli/study_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"

namespace seq2seq::cli {

namespace {

using study::RunState;

int64_t count_of(const std::vector<study::RunStatus>& status, RunState state) {
  return std::count_if(status.begin(), status.end(), [state](const auto& each) { return each.state == state; });
}

int64_t asked_for(const study::StudyPlan& plan) {
  return std::count_if(plan.planned.begin(), plan.planned.end(), [](const auto& each) { return each.asked_for; });
}

/// Returns the word for the state of a run.
std::string state_text(const study::PlannedRun& planned, const study::RunStatus& status) {
  if (!planned.asked_for && status.state != RunState::recorded) return "not asked for";
  const bool waits = status.state == RunState::to_do || status.state == RunState::stopped;
  if (status.measured_only && waits) return "to measure";
  return study::name_of(status.state);
}

bool is_dirty(const study::PlannedRun& planned) { return planned.record && planned.record->dirty; }

/// Returns an explanation of `dirty` if a run is dirty, or an empty string.
std::string dirty_text(const study::StudyPlan& plan) {
  const auto dirty = std::count_if(plan.planned.begin(), plan.planned.end(), is_dirty);
  return dirty == 0 ? ""
                    : fmt::format(
                          "  dirty ({} of {}): made by a program with uncommitted changes; `study run --retrain` "
                          "trains runs again\n",
                          dirty, plan.planned.size());
}

std::string time_text(const std::vector<study::RunStatus>& status, int64_t jobs) {
  if (count_of(status, RunState::recorded) == std::ssize(status)) return "all runs are done; nothing to train";
  const auto at_a_time = jobs == 1 ? std::string("one at a time") : fmt::format("{} at a time", jobs);
  const auto left = study::time_left(status, jobs);
  return left ? fmt::format("about {} left, {}", format_duration(*left), at_a_time)
              : fmt::format("{}; no timing yet: `study plan --measure 10` tries each row for 10 s", at_a_time);
}

std::string counts_text(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status) {
  std::vector<std::pair<std::string, int64_t>> counts;
  for (const auto* state : {"done", "running", "stopped", "failed", "to do", "to measure", "not asked for"})
    counts.emplace_back(state, 0);
  for (size_t i = 0; i < status.size(); ++i) {
    for (auto& [state, count] : counts) count += state_text(plan.planned[i], status[i]) == state ? 1 : 0;
  }
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts)
    if (count > 0) parts.push_back(fmt::format("{} {}", count, state));
  return fmt::format("{}", fmt::join(parts, ", "));
}

size_t longest_cell(const study::StudyPlan& plan) {
  size_t longest = 0;
  for (const auto& planned : plan.planned) longest = std::max(longest, count_characters(planned.run.cell));
  return longest;
}

std::string progress_of(const study::PlannedRun& planned, const study::RunStatus& status) {
  const auto& train = planned.configuration->options.train;
  if (status.update == 0) return {};
  const auto of = train.updates ? "/" + format_count(*train.updates) : std::string();
  return fmt::format("update {}{}", format_count(status.update), of);
}

std::string head_of(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status, int64_t jobs) {
  const auto scale = plan.scale.named ? ", scale " + plan.scale.name : std::string();
  return fmt::format("{}{}: {}, {}; {}", plan.spec.file.string(), scale, format_count(std::ssize(plan.planned), "run"),
                     counts_text(plan, status), time_text(status, jobs));
}

}  // namespace

std::string plan_text(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status, int64_t jobs) {
  std::string text = plan.spec.question + "\n" + head_of(plan, status, jobs) + "\n";
  const size_t width = longest_cell(plan);
  for (size_t i = 0; i < plan.planned.size();) {
    const auto& cell = plan.planned[i].run.cell;
    std::vector<std::string> seeds;
    for (; i < plan.planned.size() && plan.planned[i].run.cell == cell; ++i)
      seeds.push_back(fmt::format("{} ({}{})", plan.planned[i].run.seed, state_text(plan.planned[i], status[i]),
                                  is_dirty(plan.planned[i]) ? ", dirty" : ""));
    text += fmt::format("  {}{}  seeds {}\n", cell, std::string(width - count_characters(cell), ' '),
                        fmt::join(seeds, ", "));
  }
  text += dirty_text(plan);
  for (const auto& file : study::missing_texts(plan)) text += fmt::format("  missing text: {}\n", file);
  return text;
}

std::string status_text(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status, int64_t jobs) {
  std::string text = head_of(plan, status, jobs) + "\n";
  const size_t width = longest_cell(plan);
  for (size_t i = 0; i < plan.planned.size(); ++i) {
    const auto& planned = plan.planned[i];
    const auto& cell = planned.run.cell;
    auto line = fmt::format("  {}{}  seed {:<4} {:<8} {:<22}", cell, std::string(width - count_characters(cell), ' '),
                            planned.run.seed, state_text(planned, status[i]), progress_of(planned, status[i]));
    if (status[i].state != RunState::recorded && status[i].left && *status[i].left > 0)
      line += fmt::format(" about {} left", format_duration(*status[i].left));
    if (!status[i].why.empty()) line += " " + status[i].why;
    if (is_dirty(planned)) line += fmt::format(" dirty, commit {}", planned.record->commit);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text + dirty_text(plan);
}

std::vector<std::string> missing_lines(const study::StudyPlan& plan, const std::vector<study::RunStatus>& status) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < plan.planned.size(); ++i) {
    if (!plan.planned[i].to_do()) continue;
    const auto& run = plan.planned[i].run;
    lines.push_back(fmt::format("{}: {}, seed {} ({}{})", plan.planned[i].again ? "to be trained again" : "missing",
                                run.cell, run.seed, state_text(plan.planned[i], status[i]),
                                status[i].why.empty() ? "" : ": " + status[i].why));
  }
  return lines;
}

StudyProgress::StudyProgress(const study::StudyPlan& plan, int64_t jobs, const run::Environment& environment)
    : plan_(plan),
      jobs_(jobs),
      quiet_(environment.log->out(), Log::Level::quiet),
      progress_(*environment.log, "study", "runs", static_cast<double>(asked_for(plan)), environment.progress) {}

void StudyProgress::tick() {
  constexpr std::chrono::seconds between_looks{2};
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + between_looks;
  look();
}

void StudyProgress::look() {
  try {
    show();
  } catch (const Error&) {  // a record that is just being replaced, or a slow network: the trainings go on
  }
}

void StudyProgress::show() {
  study::find_records(plan_, disk_files(), quiet_);
  const auto status = study::survey(plan_, disk_files());
  std::vector<std::string> under_way;
  for (size_t i = 0; i < status.size(); ++i) {
    if (status[i].state != RunState::training || status[i].measured_only) continue;
    under_way.push_back(fmt::format("{}, seed {}: update {}", plan_.planned[i].run.cell, plan_.planned[i].run.seed,
                                    format_count(status[i].update)));
  }
  const auto to_do =
      std::count_if(plan_.planned.begin(), plan_.planned.end(), [](const auto& each) { return each.to_do(); });
  progress_.update(static_cast<double>(asked_for(plan_) - to_do), fmt::format("{}", fmt::join(under_way, "; ")),
                   study::time_left(status, jobs_));
}

void StudyProgress::finish() {
  look();
  progress_.finish();
}

}  // namespace seq2seq::cli
