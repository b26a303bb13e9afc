#include "seq2seq/run/rescore/rescore.h"

#include <sstream>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/study/grid/work.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

/// A small table 2 of arXiv 1409.3215: the baseline of a list, rescored by one and two runs, and the best choice.
const std::string rescoring_rows =
    "seeds: [1, 2]\nscales: {tiny: {set: {train.updates: 40}}}\nrows:\n"
    "  - {name: searched}\n"
    "  - {name: baseline, set: {decode.rescore.list: list, decode.rescore.choose: total}}\n"
    "  - {name: rescored, set: {decode.rescore.list: list}}\n"
    "  - {name: by two, ensemble: {row: searched, seeds: [1, 2]}, set: {decode.rescore.list: list, "
    "decode.rescore.feature_weights: 'seq2seq=1'}}\n"
    "  - {name: oracle, set: {decode.rescore.list: list, decode.rescore.choose: oracle}}\n";

/// Returns three hypotheses per line of the test set: the reversed reference, the reference without its last word, and
/// a repeated word.
std::string list_for(const std::vector<std::string>& references) {
  std::string list;
  for (size_t i = 0; i < references.size(); ++i) {
    const auto& line = references[i];
    const auto cut = line.substr(0, line.rfind(' '));
    list += fmt::format("{} ||| {} ||| lm= {} ||| {}\n", i, std::string(line.rbegin(), line.rend()), 1, -2.5);
    list += fmt::format("{} ||| {} ||| lm= {} ||| {}\n", i, cut, 2, -3.25 - 0.5 * static_cast<double>(i % 3));
    list += fmt::format("{} ||| a a a ||| lm= {} ||| {}\n", i, 3, -3);
  }
  return list;
}

struct RescoringStudy : StudyFolder {
  RescoringStudy() : StudyFolder(rescoring_rows) {
    references = lines_in(content_of(toy / "held.target"));
    toy.folder().file("list", list_for(references));
  }
  std::vector<std::string> references;
};

run::LoadedRun load(const study::StudyPlan& plan, const study::PlannedRun& planned, const Toy& toy) {
  return run::load_run(places_of(plan, planned).folder, "best", {}, toy.environment);
}

}  // namespace

TEST_CASE("study: rows rescore an n-best list by one run and by an ensemble, as `rescore` does", "[study][rescore]") {
  RescoringStudy study;
  auto plan = study.plan();
  REQUIRE(plan.planned.size() == 9);
  REQUIRE(study::work(plan, study.toy.environment).recorded == 9);
  CHECK(study.toy.said().find("failed") == std::string::npos);
  const auto figure = [&](size_t run) { return plan.planned[run].record->figure("bleu"); };

  std::ostringstream out;
  const run::ListFiles files{study.toy / "held.source", study.toy / "list", {study.toy / "held.target"}};
  for (const size_t seed : {0, 1}) {
    const auto run = load(plan, plan.planned[seed], study.toy);
    const auto expected = run::rescore(run, files, out, {}, study.toy.environment).at.back();
    CHECK_THAT(figure(2 + seed), WithinAbs(expected.list.score, 1e-9));
    CHECK_THAT(figure(4 + seed), WithinAbs(expected.rescored.score, 1e-9));
    CHECK_THAT(figure(7 + seed), WithinAbs(expected.oracle.score, 1e-9));
  }
  auto both = load(plan, plan.planned[0], study.toy);
  std::vector<run::LoadedRun> other;
  other.push_back(load(plan, plan.planned[1], study.toy));
  run::join(both, std::move(other), {});
  const auto expected = run::rescore(both, files, out, {.weights = {{"seq2seq", 1}}}, study.toy.environment).at.back();
  CHECK_THAT(figure(6), WithinAbs(expected.rescored.score, 1e-9));
  CHECK(figure(7) > figure(2));  // the best choice is better than the baseline
}

TEST_CASE("study: a record of a rescoring row is known by the content of its list", "[study][rescore]") {
  RescoringStudy study;
  auto plan = study.plan({"baseline"});
  REQUIRE(study::work(plan, study.toy.environment).recorded == 2);
  fs::remove_all(study.toy / "runs");
  CHECK(study.plan({"baseline"}).planned[2].record != nullptr);
  study.toy.folder().file("list", list_for(study.references) + "0 ||| b ||| lm= 1 ||| 9\n");
  CHECK(study.plan({"baseline"}).planned[2].record == nullptr);
  fs::remove(study.toy / "list");  // as in a clone without the list: the keys identify the record
  const auto without = study.plan({"baseline"});
  CHECK(without.planned[2].record != nullptr);
  CHECK(study::missing_texts(study.plan({"oracle"})).contains(study.toy / "list"));
}

TEST_CASE("study: a list for other sentences fails its row with the line", "[study][rescore][error]") {
  RescoringStudy study;
  study.toy.folder().file("list", "900 ||| a ||| lm= 1 ||| 1\n");
  auto plan = study.plan({"baseline"});
  CHECK(study::work(plan, study.toy.environment).failed == 2);
  CHECK_THAT(study.toy.said(), ContainsSubstring("list:1: has sentence 900 (counted from 0), but the source has 20"));
}

}  // namespace seq2seq::test
