#include "seq2seq/study/grid/trial.h"

#include "seq2seq/study/grid/work.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

const std::string two_long_rows =
    "seeds: [1, 2]\nscales: {tiny: {set: {train.updates: 1000000}}}\n"
    "rows:\n  - {name: forward}\n  - {name: reversed, set: {data.reverse: source}}\n";

study::RowSeconds try_for(StudyFolder& study, double seconds, const std::vector<std::string>& only = {}) {
  const auto plan = study.plan(only);
  return study::try_rows(plan, study::survey(plan, disk_files()), seconds, study.toy.environment);
}

}  // namespace

TEST_CASE("study: a trial tells how long each row takes, once for all seeds, and leaves nothing", "[study][trial]") {
  constexpr double seconds = 1;
  StudyFolder study(two_long_rows);
  const auto tried = try_for(study, seconds);
  REQUIRE(tried.size() == 2);
  for (const auto& [row, whole] : tried) {
    CHECK((row == "forward" || row == "reversed"));
    CHECK(whole > seconds);  // stopped long before a million updates
  }
  CHECK(fs::is_empty(study.toy / "runs"));

  const auto plan = study.plan();
  const auto status = study::survey(plan, disk_files(), tried);
  for (size_t i = 0; i < status.size(); ++i) CHECK(status[i].left == tried.at(plan.planned[i].run.cell));
  const double sum = 2 * (tried.at("forward") + tried.at("reversed"));
  CHECK_THAT(study::time_left(status, 2).value(), WithinRel(sum / 2, 1e-12));
}

TEST_CASE("study: only rows that are asked for and of which nothing is known are tried", "[study][trial]") {
  StudyFolder study(two_by_two);
  CHECK(try_for(study, 5, {"reversed"}).count("forward") == 0);
  auto forward = study.plan({"forward"});
  REQUIRE(study::work(forward, study.toy.environment).recorded == 2);
  const auto tried = try_for(study, 5);  // ten updates: ends before the time limit
  CHECK(tried.size() == 1);
  CHECK(tried.count("reversed") == 1);
}

TEST_CASE("study: a row whose trial fails is told, and the others are tried", "[study][trial][error]") {
  StudyFolder study(
      "seeds: [1]\nscales: {tiny: {set: {train.updates: 10}}}\n"
      "rows:\n  - {name: broken, set: {data.train: {source: train.source, target: short.target}}}\n  - {name: "
      "whole}\n");
  study.toy.folder().file("short.target", "a\n");
  const auto tried = try_for(study, 5);
  CHECK(tried.size() == 1);
  CHECK(tried.count("whole") == 1);
  CHECK_THAT(study.toy.said(), ContainsSubstring("broken") && ContainsSubstring("short.target"));
  CHECK(fs::is_empty(study.toy / "runs"));
}

}  // namespace seq2seq::test
