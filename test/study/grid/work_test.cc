#include "seq2seq/study/grid/work.h"

#include <set>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/study/grid/status.h"
#include "seq2seq/study/table/write.h"
#include "seq2seq/train/schedule/constant.h"
#include "seq2seq/train/schedule/linear.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

std::vector<std::string> states_of(const study::StudyPlan& plan) {
  std::vector<std::string> states;
  for (const auto& each : study::survey(plan, disk_files())) states.push_back(study::name_of(each.state));
  return states;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("study: its runs are trained, measured and recorded; the second time nothing is trained", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  REQUIRE(plan.planned.size() == 4);
  CHECK(states_of(plan) == std::vector<std::string>(4, "to do"));
  const auto outcome = study::work(plan, study.toy.environment);
  CHECK(outcome.recorded == 4);
  CHECK(outcome.failed == 0);
  CHECK(files_below(study.toy / "records").size() == 8);

  auto again = study.plan();
  CHECK(states_of(again) == std::vector<std::string>(4, "done"));
  study.toy.forget_said();
  CHECK(study::work(again, study.toy.environment).recorded == 0);
  CHECK(study.toy.said().empty());
}

TEST_CASE("study: a run that differs in its search or metrics alone is measured, not trained", "[study][work]") {
  StudyFolder study(
      "seeds: [1]\nscales: {tiny: {set: {train.updates: 10}}}\n"
      "rows: [{name: greedy, set: {decode.beam: 1}}, {name: beam, set: {" +
      std::string(GENERATE("decode.beam: 5", "decode.beam: 1, metrics.lowercase: true",
                           "decode.beam: 1, decode.allow_unknown: true, decode.unknown.kind: drop")) +
      "}}]\n");
  auto plan = study.plan();
  CHECK(plan.planned[0].identity.training == plan.planned[1].identity.training);
  CHECK(plan.planned[0].identity.result != plan.planned[1].identity.result);
  CHECK(study::work(plan, study.toy.environment).recorded == 2);
  size_t runs = 0;
  for (const auto& file : files_below(study.toy / "runs")) runs += RunFolder(file).holds_run() ? 1 : 0;
  CHECK(runs == 1);
}

TEST_CASE("study: a finished run whose record lacks a metric is to be measured, not trained", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  study.toy.folder().file("study.yaml",
                          "question: Does it help?\nbase: toy.yaml\nmetrics: [perplexity, chrf]\n" + two_by_two);
  auto asked = study.plan();
  CHECK(asked.planned[0].to_do());
  const auto status = study::survey(asked, disk_files());
  CHECK(status[0].measured_only);
  CHECK(status[0].left == 0.0);
  CHECK(study::work(asked, study.toy.environment).recorded == 4);
}

TEST_CASE("study: training, validation and test may be one text", "[study][work]") {
  StudyFolder study(
      "seeds: [1]\nscales: {tiny: {set: {train.updates: 10, data.validation: {source: train.source, target: "
      "[train.target]}, "
      "data.test: {source: train.source, target: [train.target]}}}}\nrows: [{name: only}]\n");
  auto plan = study.plan();
  CHECK(study::work(plan, study.toy.environment).recorded == 1);
}

TEST_CASE("study: a record holds what a table needs where texts and runs are not", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  fs::remove_all(study.toy / "runs");
  for (const auto* name : {"train.source", "train.target", "held.source", "held.target"}) fs::remove(study.toy / name);
  const auto elsewhere = study.plan();
  CHECK_FALSE(elsewhere.planned[0].identity.texts_here());
  CHECK(states_of(elsewhere) == std::vector<std::string>(4, "done"));
  for (size_t i = 0; i < 4; ++i)
    CHECK(elsewhere.planned[i].record->identity.result == plan.planned[i].record->identity.result);
}

TEST_CASE("study: a run without a record whose text is missing is refused before anything is trained",
          "[study][work][error]") {
  StudyFolder study(two_by_two);
  fs::remove(study.toy / "train.source");
  const auto plan = study.plan();
  const auto message = message_of<UsageError>([&plan] { study::check_texts(plan); });
  CHECK_THAT(message, ContainsSubstring((study.toy / "train.source").string() + ": is missing"));
  CHECK(lines_in(message).size() == 1);
}

TEST_CASE("study: another text is another run", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  study.toy.folder().file("held.source", "a b\nb a\n");
  study.toy.folder().file("held.target", "a b\nb a\n");
  CHECK(states_of(study.plan()) == std::vector<std::string>(4, "to do"));
}

TEST_CASE("study: a kind of another version makes other runs", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  REQUIRE(study::work(plan, study.toy.environment).recorded == 4);
  const auto states_with = [&study](int version) {
    auto registries = run::builtin_registries();
    registries.schedules = {};
    registries.schedules.add<train::Constant>("constant", "the rate as it is");
    registries.schedules.add<train::Linear>("linear", "falling to a share", {.version = version});
    study.toy.environment.registries = &registries;
    return states_of(study.plan());
  };
  CHECK(states_with(1) == std::vector<std::string>(4, "done"));
  CHECK(states_with(2) == std::vector<std::string>(4, "to do"));
  fs::remove(study.toy / "train.source");  // then only the keys count
  CHECK(states_with(1) == std::vector<std::string>(4, "done"));
  CHECK(states_with(2) == std::vector<std::string>(4, "to do"));
}

TEST_CASE("study: runs that are done are made again when asked for, and their records stay until then",
          "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  REQUIRE(study::work(plan, study.toy.environment).recorded == 4);
  const auto before = files_below(study.toy / "records");
  auto forward = study.plan({"forward"});
  study::retrain(forward, disk_files());
  CHECK(files_below(study.toy / "records") == before);
  for (size_t i = 0; i < 4; ++i)
    CHECK(RunFolder(study::places_of(plan, plan.planned[i]).folder).holds_run() == (i >= 2));
  auto elsewhere = study.plan();  // as in another process, or in this one after an interruption
  CHECK(states_of(elsewhere) == std::vector<std::string>{"to do", "to do", "done", "done"});
  CHECK(elsewhere.planned[0].again);
  CHECK_FALSE(elsewhere.planned[2].again);
  const auto half = study::write_table(elsewhere, disk_files(), study.toy.path());
  CHECK_THAT(half, ContainsSubstring("Missing: 2 runs to be trained again (`study run --retrain`).") &&
                       !ContainsSubstring("without a record"));
  const auto record = study.toy / "records" / study::record_name(elsewhere.planned[0].identity);
  const auto kept = study.toy / "kept";
  fs::rename(record, kept);
  CHECK_FALSE(study.plan().planned[0].again);  // without a record it is missing
  fs::rename(kept, record);

  CHECK(study::work(elsewhere, study.toy.environment).recorded == 2);
  CHECK(states_of(study.plan()) == std::vector<std::string>(4, "done"));
  CHECK(files_below(study.toy / "records") == before);
  CHECK(RunFolder(study::places_of(plan, plan.planned[0]).folder).holds_run());
}

TEST_CASE("study: what cannot be made again is left as it is", "[study][work][error]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  REQUIRE(study::work(plan, study.toy.environment).recorded == 4);
  const auto before = files_below(study.toy / "runs");
  {
    const FileLock held(study::places_of(plan, plan.planned[1]).lock, [](const std::string&) {});
    CHECK_THAT(message_of<Error>([&plan] { study::retrain(plan, disk_files()); }),
               ContainsSubstring("forward, seed 2: another process works on this run"));
  }
  fs::rename(study.toy / "records", study.toy / "kept");
  study.toy.folder().file("records", "");
  CHECK_THAT(message_of<Error>([&plan] { study::retrain(plan, disk_files()); }),
             ContainsSubstring("records: is a file; expected a folder"));
  fs::remove(study.toy / "records");
  fs::rename(study.toy / "kept", study.toy / "records");
  fs::remove(study.toy / "train.source");
  auto elsewhere = study.plan();
  CHECK_THAT(message_of<UsageError>([&elsewhere] { study::retrain(elsewhere, disk_files()); }),
             ContainsSubstring("train.source"));
  CHECK(files_below(study.toy / "runs") == before);
  CHECK(states_of(elsewhere) == std::vector<std::string>(4, "done"));
  CHECK(states_of(plan) == std::vector<std::string>(4, "done"));
}

TEST_CASE("study: a failed run does not stop the others, and shows its reason until it is tried again",
          "[study][work][error]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  // The folder of the first run has files that are not a run.
  fs::create_directories(study::places_of(plan, plan.planned[0]).folder);
  study.toy.folder().file("runs/" + study::places_of(plan, plan.planned[0]).folder.filename().string() + "/note",
                          "mine");
  const auto outcome = study::work(plan, study.toy.environment);
  CHECK(outcome.recorded == 3);
  CHECK(outcome.failed == 1);
  const auto status = study::survey(plan, disk_files());
  CHECK(study::name_of(status[0].state) == "failed");
  CHECK_THAT(status[0].why, ContainsSubstring("neither empty nor a run folder (it contains `note`)"));

  fs::remove_all(study::places_of(plan, plan.planned[0]).folder);
  CHECK(study::work(plan, study.toy.environment).recorded == 0);  // unless another try is requested
  study::forget_failures(plan, disk_files());
  CHECK(study::work(plan, study.toy.environment).recorded == 1);
}

TEST_CASE("study: a run with a damaged log is shown as failed, and hides no other", "[study][work][error]") {
  StudyFolder study(two_by_two);
  const auto plan = study.plan();
  const auto folder = study::places_of(plan, plan.planned[0]).folder.filename().string();
  fs::create_directories(study.toy / "runs" / folder);
  study.toy.folder().file("runs/" + folder + "/metrics.jsonl", "{\"kind\": \"train\", nonsense\n");
  CHECK(states_of(plan) == std::vector<std::string>{"failed", "to do", "to do", "to do"});
  CHECK_THAT(study::survey(plan, disk_files())[0].why, ContainsSubstring("metrics.jsonl:1"));
}

TEST_CASE("study: a run that another process works on is skipped", "[study][work]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  fs::create_directories(study.toy / "runs");
  {
    const FileLock held(study::places_of(plan, plan.planned[1]).lock, [](const std::string&) {});
    CHECK(study::work(plan, study.toy.environment).recorded == 3);
    CHECK(states_of(plan)[1] == "running");
  }
  CHECK(states_of(plan)[1] == "to do");
  CHECK(study::work(plan, study.toy.environment).recorded == 1);
}

TEST_CASE("study: a run that was begun goes on, to the parameters of one that was not interrupted",
          "[study][work][resume]") {
  StudyFolder study(two_by_two), whole(two_by_two);
  auto plan = study.plan(), uninterrupted = whole.plan();
  const auto folder = study::places_of(plan, plan.planned[0]).folder;
  auto settings = plan.planned[0].run.settings;
  settings.push_back({"here", "train.updates", "5"});
  run::train_new({.config = plan.planned[0].run.base, .overrides = settings, .folder = folder, .init_from = {}},
                 study.toy.environment);
  run::resume(folder, {{"here", "train.updates", "10"}}, study.toy.environment);
  study::work(plan, study.toy.environment);
  study::work(uninterrupted, whole.toy.environment);
  CHECK(parameters_of(folder, 10) ==
        parameters_of(study::places_of(uninterrupted, uninterrupted.planned[0]).folder, 10));
  CHECK(plan.planned[0].record->figure("perplexity") == uninterrupted.planned[0].record->figure("perplexity"));
}

TEST_CASE("study: a run folder that was changed by hand is not measured", "[study][work][error]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  const auto place = study::places_of(plan, plan.planned[0]);
  run::train_new({.config = plan.planned[0].run.base,
                  .overrides = plan.planned[1].run.settings,  // another seed under this name
                  .folder = place.folder,
                  .init_from = {}},
                 study.toy.environment);
  const auto outcome = study::work(plan, study.toy.environment);
  CHECK(outcome.failed == 1);
  CHECK_THAT(study::survey(plan, disk_files())[0].why, ContainsSubstring("it was changed by hand"));
}

TEST_CASE("study: an unknown row is refused with the names of the known ones", "[study][work][error]") {
  StudyFolder study(two_by_two);
  const auto asked = [&study](const std::vector<std::string>& only) {
    const auto plan = study.plan(only);
    CHECK(plan.planned.size() == 4);  // the table has the whole study
    return std::count_if(plan.planned.begin(), plan.planned.end(), [](const auto& each) { return each.to_do(); });
  };
  CHECK(asked({}) == 4);
  CHECK(asked({"reversed"}) == 2);
  CHECK(asked({"reversed", "forward"}) == 4);
  const auto message = message_of<UsageError>([&study] { study.plan({"forwards"}); });
  CHECK_THAT(message, ContainsSubstring("--only forwards: unknown row; the study has `forward`, `reversed`"));
}

}  // namespace seq2seq::test
