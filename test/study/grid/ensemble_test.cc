#include "seq2seq/run/ensemble.h"

#include <cmath>

#include "seq2seq/core/error.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/study/grid/status.h"
#include "seq2seq/study/grid/work.h"
#include "seq2seq/study/table/commands.h"
#include "seq2seq/study/table/layout.h"
#include "seq2seq/study/table/study_table.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

/// Three seeds of one row, and two ensembles of them, one with a run that is not a separate row.
const std::string with_ensembles =
    "seeds: [1, 2, 3]\nscales: {tiny: {set: {train.updates: 10}}}\nrows:\n"
    "  - {name: single, set: {data.reverse: source}}\n"
    "  - {name: three, ensemble: {row: single, seeds: [1, 2, 3]}}\n"
    "  - {name: two greedy, ensemble: {row: single, seeds: [2, 9]}, set: {decode.beam: 1}}\n";

std::vector<fs::path> trained_in(const fs::path& runs) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(runs))
    if (RunFolder(entry.path()).holds_run()) folders.push_back(entry.path());
  return folders;
}

}  // namespace

TEST_CASE("study: an ensemble of another row's runs trains only those that are not there", "[study][work][ensemble]") {
  StudyFolder study(with_ensembles);
  auto plan = study.plan();
  REQUIRE(plan.planned.size() == 5);
  CHECK(plan.planned[3].members.size() == 3);
  CHECK(study::survey(plan, disk_files())[3].measured_only);
  CHECK_FALSE(study::survey(plan, disk_files())[4].measured_only);
  CHECK(study::work(plan, study.toy.environment).recorded == 5);
  CHECK(trained_in(study.toy / "runs").size() == 4);

  std::vector<run::LoadedRun> runs;
  for (const auto& member : plan.planned[3].members)
    runs.push_back(run::load_run(places_of(plan, member).folder, "best", {}, study.toy.environment));
  auto first = std::move(runs.front());
  runs.erase(runs.begin());
  run::join(first, std::move(runs), {});
  const auto expected = run::evaluate(first, {}, study.toy.environment);
  const auto& record = *plan.planned[3].record;
  CHECK_THAT(record.figure("perplexity"), WithinAbs(expected.perplexity.value(), 1e-3));
  CHECK(record.figure("exact_match") == expected.outputs.rates.exact_match());
  CHECK(record.parameters_in_all() == 3 * plan.planned[0].record->parameters_in_all());
  CHECK(record.training.curve.empty());

  const auto again = study.plan();
  for (const auto& each : again.planned) CHECK(each.record != nullptr);
  fs::remove_all(study.toy / "runs");  // the table only needs the records
  fs::remove(study.toy / "train.source");
  for (const auto& each : study.plan().planned) CHECK(each.record != nullptr);
}

TEST_CASE("study: an ensemble that is made again trains all of its members again", "[study][work][ensemble]") {
  StudyFolder study(with_ensembles);
  auto plan = study.plan();
  REQUIRE(study::work(plan, study.toy.environment).recorded == 5);
  auto again = study.plan({"two greedy"});
  study::retrain(again, disk_files());
  CHECK(trained_in(study.toy / "runs").size() == 2);  // of seeds 1 and 3
  auto rest = study.plan();
  CHECK(study::work(rest, study.toy.environment).recorded == 1);
  CHECK(trained_in(study.toy / "runs").size() == 4);
}

TEST_CASE("study: an ensemble's intervals are over sentences alone, and the table says so",
          "[study][table][ensemble]") {
  StudyFolder study(with_ensembles);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  const auto table = study::make_table(plan);
  REQUIRE(table.lines.size() == 3);
  CHECK(table.lines[1].wanted == 1);
  CHECK(table.lines[1].ensemble);
  CHECK_FALSE(table.lines[1].paired);
  CHECK_FALSE(table.lines[1].metrics[0].deviation.has_value());
  CHECK(table.lines[1].metrics[0].mean.interval().has_value());
  CHECK(table.lines[1].metrics[0].difference->interval().has_value());
  const auto notes = study::notes(table);
  CHECK(std::ranges::any_of(
      notes, [](const auto& note) { return note.find("An ensemble is one system") != std::string::npos; }));
  const auto commands = study::commands_of(plan, study.toy.path());
  CHECK_THAT(commands,
             ContainsSubstring("\n# three\nseq2seq evaluate runs/study-tiny-1 --with runs/study-tiny-2 --with "
                               "runs/study-tiny-3\n"));
  CHECK_THAT(commands, ContainsSubstring("--run runs/study-tiny-5-seed-9 "));
  CHECK_THAT(commands, ContainsSubstring("seq2seq evaluate runs/study-tiny-2 --with runs/study-tiny-5-seed-9 --set "
                                         "decode.beam=1\n"));
}

TEST_CASE("study: a stopped ensemble goes on, and its members are known by their own runs", "[study][work][ensemble]") {
  StudyFolder study(with_ensembles);
  auto plan = study.plan({"three"});
  CHECK(study::work(plan, study.toy.environment).recorded == 1);
  CHECK(trained_in(study.toy / "runs").size() == 3);
  study.toy.forget_said();
  auto all = study.plan({"single"});
  CHECK(study::work(all, study.toy.environment).recorded == 3);
  CHECK(trained_in(study.toy / "runs").size() == 3);
}

TEST_CASE("study: ensembles that make no sense are refused with their line", "[study][spec][ensemble][error]") {
  const auto refusal = [](const std::string& row) {
    return message_of<UsageError>([&] {
      study::read_study_text(
          "question: q\nbase: toy.yaml\nmetrics: [perplexity]\nseeds: [1]\nrows:\n  - {name: single}\n  - {name: "
          "joined, " +
              row + "}\n  - {name: other, ensemble: {row: single, seeds: [1, 2]}}\n",
          "study.yaml");
    });
  };
  CHECK_THAT(refusal("ensemble: {row: unknown, seeds: [1, 2]}"),
             ContainsSubstring("study.yaml:7:5: row `joined` is an ensemble of `unknown`, which is not a row"));
  CHECK_THAT(refusal("ensemble: {row: other, seeds: [1, 2]}"),
             ContainsSubstring("of `other`, which is an ensemble itself"));
  CHECK_THAT(refusal("ensemble: {row: single, seeds: [1]}"), ContainsSubstring("is an ensemble of one run"));
  CHECK_THAT(refusal("ensemble: {row: single}"), ContainsSubstring("seeds"));
  CHECK_THAT(refusal("ensemble: single"), ContainsSubstring("`ensemble` is a section {row: ..., seeds: [...]}"));
  CHECK_THAT(refusal("ensemble: {row: single, seeds: [1, 2], weight: 1}"), ContainsSubstring("unknown key"));
  CHECK_THAT(refusal("ensemble: {row: single, seeds: [1, 3]}, set: {train.updates: 4}"),
             ContainsSubstring("is an ensemble, but sets `train.updates`"));
  CHECK_THAT(refusal("ensemble: {row: single, seeds: [1, 2]}"), ContainsSubstring("so they would be the same runs"));
}

}  // namespace seq2seq::test
