#include "seq2seq/study/grid/plan.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/metric_names.h"

namespace seq2seq::study {

namespace {

constexpr size_t digest_digits = 16;

/// Rejects metrics that a row does not have: a language model writes no outputs that metrics could compare, and search
/// errors are known only after exact search.
void check_metrics(const StudyPlan& plan) {
  const Place place{.file = plan.spec.file.string()};
  for (const auto& planned : plan.planned) {
    const auto& options = planned.configuration->options;
    for (const auto& metric : plan.spec.metrics) {
      if (options.data.task == data::Task::lm && run::need_outputs({metric})) {
        throw UsageError(place,
                         fmt::format("`metrics`: `{}` compares outputs, and `{}` is a language model (`task: lm`), "
                                     "which writes none",
                                     metric, planned.run.cell),
                         "Use `perplexity`, `word_perplexity` and `character_perplexity` alone");
      }
      if (options.decode.search != decode::SearchKind::exact && run::is_exact_rate(metric)) {
        throw UsageError(
            place,
            fmt::format("`metrics`: `{}` needs exact search, but `{}` uses another search", metric, planned.run.cell),
            "Set `decode.search: exact`, or move the row to a study of its own");
      }
    }
  }
}

/// Excludes the runs of all rows but those named.
void ask_only_for(StudyPlan& plan, const std::vector<std::string>& only) {
  if (only.empty()) return;
  std::vector<std::string> unknown = only;
  std::set<std::string> names;
  for (auto& planned : plan.planned) {
    const std::array<std::string, 2> own{plan.spec.rows[planned.run.row].name, planned.run.cell};
    names.insert(own.begin(), own.end());
    planned.asked_for = false;
    for (const auto& name : own) {
      if (std::find(only.begin(), only.end(), name) == only.end()) continue;
      planned.asked_for = true;
      std::erase(unknown, name);
    }
  }
  std::vector<Error> faults;
  for (const auto& name : unknown) {
    faults.emplace_back(Place{.part = "--only " + name},
                        fmt::format("unknown row; the study has `{}`", fmt::join(names, "`, `")));
  }
  if (!faults.empty()) throw UsageError(faults);
}

std::shared_ptr<const Record> read_if_there(const std::filesystem::path& file, const Files& files, Log& log) {
  std::error_code absent;
  if (!std::filesystem::exists(file, absent)) return nullptr;
  try {
    return std::make_shared<const Record>(read_record(files, file));
  } catch (const Error& error) {
    log.warn(error.what());
    return nullptr;
  }
}

PlannedRun planned(StudyRun run, const run::Registries& registries, Identifier& identifier) {
  std::shared_ptr<const run::Configuration> configuration = run::read_configuration(run.base, run.settings, registries);
  auto identity = identifier.identify(*configuration);
  PlannedRun planned{std::move(run), std::move(configuration), std::move(identity), nullptr, {}};
  std::vector<Identity> identities;
  for (const auto& member : planned.run.members) {
    planned.members.push_back(study::planned(member, registries, identifier));
    identities.push_back(planned.members.back().identity);
  }
  if (!identities.empty()) planned.identity = ensemble_identity(std::move(planned.identity), identities);
  return planned;
}

void take(const std::shared_ptr<const Record>& found, PlannedRun& planned, const std::vector<std::string>& metrics) {
  if (has_metrics(*found, metrics)) {
    planned.record = found;
  } else {
    planned.kept = found->metrics();
  }
}

}  // namespace

std::filesystem::path StudyPlan::outputs() const {
  const auto file = std::filesystem::absolute(spec.file).lexically_normal();
  return file.parent_path() / file.stem() / scale.name;
}

RunPlaces places_of(const StudyPlan& plan, const PlannedRun& planned) {
  const auto training = planned.identity.training.substr(0, digest_digits);
  const auto result = planned.identity.result.substr(0, digest_digits);
  return {.folder = plan.runs / training,
          .lock = plan.runs / (training + ".lock"),
          .failure = plan.runs / (result + ".failed"),
          .retrain = plan.runs / (result + ".retrain")};
}

StudyPlan make_plan(const PlanRequest& request, const run::Registries& registries, const Files& files, Log& log) {
  StudyPlan plan{.spec = read_study(request.study),
                 .scale = {},
                 .records = records_folder(request.study),
                 .runs = std::filesystem::absolute(request.runs).lexically_normal(),
                 .planned = {}};
  plan.scale = find_scale(plan.spec, request.scale);
  std::error_code absent;
  if (!std::filesystem::exists(plan.scale.base, absent))
    throw UsageError(plan.scale.base_place, fmt::format("`base`: {} does not exist", plan.scale.base.string()));
  auto runs = expand(plan.spec, plan.scale);
  check_configurations(runs, registries);
  Identifier identifier(plan.records.parent_path());
  for (auto& run : runs) plan.planned.push_back(planned(std::move(run), registries, identifier));
  check_metrics(plan);
  ask_only_for(plan, request.only);
  find_records(plan, files, log);
  return plan;
}

void check_configurations(const std::vector<StudyRun>& runs, const run::Registries& registries) {
  std::vector<Error> faults;
  std::vector<std::string> lines;
  for (const auto& run : runs) {
    try {
      const auto configuration = run::read_configuration(run.base, run.settings, registries);
      if (!configuration->options.data.test.named())
        throw UsageError(Place{.file = run.base.string()}, "has no test set (`data.test`), which a study needs");
    } catch (const UsageError& error) {
      for (const auto line : split(error.what(), '\n')) {
        if (std::find(lines.begin(), lines.end(), line) != lines.end()) continue;
        lines.emplace_back(line);
        faults.emplace_back(lines.back());
      }
    }
  }
  if (!faults.empty()) throw UsageError(faults);
}

void find_records(StudyPlan& plan, const Files& files, Log& log) {
  std::optional<std::vector<std::shared_ptr<const Record>>> all;  // read only if a text is missing
  for (auto& planned : plan.planned) {
    if (planned.record) continue;
    if (planned.identity.texts_here()) {
      std::error_code absent;
      const auto found = read_if_there(plan.records / record_name(planned.identity), files, log);
      if (!found || !is_record_of(*found, planned.identity)) continue;
      planned.again = std::filesystem::exists(places_of(plan, planned).retrain, absent);
      if (!planned.again) take(found, planned, plan.spec.metrics);
      continue;
    }
    if (!all) {
      all.emplace();
      for (auto& record : read_records(files, plan.records, log))
        all->push_back(std::make_shared<const Record>(std::move(record)));
    }
    const auto found = std::find_if(all->begin(), all->end(),
                                    [&planned](const auto& record) { return is_record_of(*record, planned.identity); });
    if (found != all->end()) take(*found, planned, plan.spec.metrics);
  }
}

void check_texts(const StudyPlan& plan) {
  std::vector<Error> faults;
  for (const auto& file : missing_texts(plan)) {
    faults.emplace_back(Place{.file = file}, "is missing, but runs without a record need it",
                        "Get the data first; `scripts/data` has a command for each set");
  }
  if (!faults.empty()) throw UsageError(faults);
  std::set<std::vector<std::filesystem::path>> seen;
  for (const auto& planned : plan.planned) {
    const auto& data = planned.configuration->options.data;
    auto files = data.test.target;
    if (!data.test.one_sided()) files.push_back(data.test.source);
    if (planned.to_do() && seen.insert(files).second) run::check_line_counts(data.test, data.invalid_utf8);
  }
}

void check_folders(const StudyPlan& plan) {
  check_folder_writable(plan.outputs());
  if (std::none_of(plan.planned.begin(), plan.planned.end(), [](const auto& each) { return each.to_do(); })) return;
  check_folder_writable(plan.records);
  check_folder_writable(plan.runs);
}

std::set<std::string> missing_texts(const StudyPlan& plan) {
  std::set<std::string> missing;
  for (const auto& planned : plan.planned) {
    if (!planned.to_do()) continue;
    for (const auto* text : {&planned.identity.train, &planned.identity.validation, &planned.identity.test})
      for (const auto& file : text->missing)
        missing.insert((plan.records.parent_path() / file).lexically_normal().string());
  }
  return missing;
}

}  // namespace seq2seq::study
