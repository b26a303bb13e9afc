#include "seq2seq/study/grid/expand.h"

#include <set>
#include <string>
#include <vector>

#include "seq2seq/study/grid/plan.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// A study in the folder of a toy task.
study::StudySpec study_of(const Toy& toy, const std::string& rest) {
  return study::read_study_text("question: q\nbase: toy.yaml\nmetrics: [perplexity]\n" + rest, toy / "study.yaml");
}

}  // namespace

TEST_CASE("study: its runs are every row at every point of every axis with every seed, once",
          "[study][grid][property]") {
  const Toy toy(copied);
  const auto spec = study_of(toy,
                             "seeds: [1, 5]\nrows: [{name: a}, {name: b, set: {data.reverse: none}}]\n"
                             "axes: [{model.encoder.cells: [3, 4, 5], model.decoder.cells: [3, 4, 5]}, "
                             "{model.embedding.size: [6, 7]}]\n");
  const auto runs = study::expand(spec, study::find_scale(spec, ""));
  REQUIRE(runs.size() == 2 * 3 * 2 * 2);
  std::set<std::string> different;
  for (const auto& run : runs) {
    const auto configuration = run::read_configuration(run.base, run.settings, *toy.environment.registries);
    CHECK(configuration->options.seed == run.seed);
    different.insert(run.cell + ", " + std::to_string(run.seed));
  }
  CHECK(different.size() == runs.size());
  CHECK(runs.front().cell == "a, model.encoder.cells=3, model.decoder.cells=3, model.embedding.size=6");
}

TEST_CASE("study: a row has the last word over the scale, and its paths start from its file", "[study][grid]") {
  const Toy toy(copied);
  toy.folder().file("texts/other", content_of(toy / "train.source"));
  const auto spec = study_of(toy,
                             "seeds: [1]\nscales: {tiny: {set: {train: {updates: 3}, decode.beam: 4}}}\n"
                             "rows: [{name: a, set: {train.updates: 9, data.train.source: texts/other}}]\n");
  const auto runs = study::expand(spec, study::find_scale(spec, "tiny"));
  REQUIRE(runs.size() == 1);
  const auto configuration = run::read_configuration(runs[0].base, runs[0].settings, *toy.environment.registries);
  CHECK(configuration->options.train.updates == 9);
  CHECK(configuration->options.decode.beam == 4);
  CHECK(configuration->options.data.train.source.front() == toy / "texts/other");
}

TEST_CASE("study: a key that no configuration has is told with its place in the study, once", "[study][grid][error]") {
  const Toy toy(copied);
  const auto spec = study_of(toy,
                             "seeds: [1, 2, 3]\nrows:\n  - {name: a, set: {train.updatse: 9}}\n"
                             "  - {name: b, set: {train.updates: none}}\n");
  const auto runs = study::expand(spec, study::find_scale(spec, ""));
  try {
    study::check_configurations(runs, *toy.environment.registries);
    FAIL("nothing was thrown");
  } catch (const UsageError& error) {
    const std::string message = error.what();
    CHECK_THAT(message,
               ContainsSubstring((toy / "study.yaml").string() + ":6:21: unknown key `train.updatse`; did you mean"));
    CHECK_THAT(message, ContainsSubstring((toy / "study.yaml").string() + ":7:21: `train.updates`: "));
    CHECK(lines_in(message).size() == 2);
  }
}

TEST_CASE("study: a configuration without a test set is told before anything is trained", "[study][grid][error]") {
  const Toy toy(copied);
  const auto spec = study_of(toy, "seeds: [1, 2]\nrows: [{name: a, set: {data.test: {source: '', target: []}}}]\n");
  const auto runs = study::expand(spec, study::find_scale(spec, ""));
  const auto message = message_of<UsageError>([&] { study::check_configurations(runs, *toy.environment.registries); });
  CHECK_THAT(message, ContainsSubstring("toy.yaml: has no test set (`data.test`)"));
  CHECK(lines_in(message).size() == 1);
}

TEST_CASE("study: search errors are measured of rows with exact search alone", "[study][grid][error]") {
  StudyFolder study("rows: [{name: replaced below}]\n");
  const auto plan_of = [&study](const std::string& beam) {
    study.toy.folder().file("study.yaml",
                            "question: q\nbase: toy.yaml\nmetrics: [perplexity, search_error_rate]\nseeds: [1]\nrows:\n"
                            "  - {name: exact, set: {decode.search: exact}}\n" +
                                beam);
    return study.plan();
  };
  CHECK(plan_of("  - {name: exact from one, set: {decode.search: exact, decode.beam: 1}}\n").planned.size() == 2);
  CHECK_THAT(message_of<UsageError>([&] { plan_of("  - {name: a beam}\n"); }),
             ContainsSubstring("`metrics`: `search_error_rate` needs exact search, but `a beam` uses another search"));
}

TEST_CASE("study: a scale that there is not is told with those that there are", "[study][grid][error]") {
  const Toy toy(copied);
  const auto spec = study_of(toy, "seeds: [1]\nscales: {small: {}, tiny: {}}\nrows: [{name: a}]\n");
  CHECK(study::find_scale(spec, "tiny").name == "tiny");
  const std::string name = GENERATE("", "large");
  REQUIRE_THROWS_WITH(study::find_scale(spec, name), ContainsSubstring("has the scales `small`, `tiny`"));
}

}  // namespace seq2seq::test
