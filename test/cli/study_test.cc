#include <algorithm>
#include <string>

#include "test/cli/program.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

/// A study of a toy, as a user writes it.
struct TypedStudy : StudyFolder {
  TypedStudy() : StudyFolder(two_by_two) {}
  Ran run(const std::string& command, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"study", command, (toy / "study.yaml").string(), "--runs", (toy / "runs").string()};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
};

}  // namespace

TEST_CASE("study: from the plan to the table, and then nothing is trained", "[cli][study]") {
  const TypedStudy study;
  const auto before = study.run("plan");
  CHECK(before.code == 0);
  CHECK_THAT(before.out, ContainsSubstring("4 runs, 4 to do") && ContainsSubstring("--measure 10"));

  const auto part = study.run("run", {"--jobs", "1", "--only", "forward"});
  CHECK(part.code == 0);
  CHECK_THAT(study.run("plan").out, ContainsSubstring("2 done, 2 to do; about"));

  const auto whole = study.run("run", {"--jobs", "1"});
  CHECK(whole.code == 0);
  CHECK_THAT(whole.out,
             ContainsSubstring("forward") && ContainsSubstring("reversed") && ContainsSubstring("perplexity"));
  CHECK_THAT(study.run("status").out, ContainsSubstring("all runs are done; nothing to train"));
  CHECK(study.run("table").out == whole.out);
  fs::remove_all(study.toy / "runs");
  const auto again = study.run("run");
  CHECK(again.code == 0);
  CHECK(again.out == whole.out);
  CHECK_FALSE(fs::exists(study.toy / "runs"));
}

TEST_CASE("study: a metric that is added later is measured again, without training", "[cli][study]") {
  const TypedStudy study;
  REQUIRE(study.run("run", {"--jobs", "1"}).code == 0);
  const auto add = [&study](const std::string& metrics) {
    auto text = content_of(study.toy / "study.yaml");
    text.replace(text.find("metrics: ["), std::string("metrics: [").size(), "metrics: [" + metrics + ", ");
    study.toy.folder().file("study.yaml", text);
  };
  add("chrf++, word_perplexity");
  CHECK_THAT(study.run("status").out,
             ContainsSubstring("4 runs, 4 to measure; about 0.0 s left") && !ContainsSubstring("stopped"));
  const auto trained = [&study] {
    std::string metrics;
    for (const auto& run : fs::directory_iterator(study.toy / "runs"))
      if (fs::exists(run.path() / "metrics.jsonl")) metrics += content_of(run.path() / "metrics.jsonl");
    return metrics;
  };
  const auto before = trained();
  CHECK(std::count(before.begin(), before.end(), '\n') > 4 * 2);
  const auto again = study.run("run", {"--jobs", "1"});
  CHECK(again.code == 0);
  CHECK_THAT(again.out, ContainsSubstring("chrF++, higher is better") && ContainsSubstring("word perplexity, lower"));
  CHECK(trained() == before);
  CHECK_THAT(study.run("status").out, ContainsSubstring("all runs are done"));
  add("ter");  // earlier measurements are kept
  const auto third = study.run("run", {"--jobs", "1"});
  CHECK_THAT(third.out, ContainsSubstring("TER, lower is better") && ContainsSubstring("chrF++, higher is better"));
  for (const auto& entry : fs::directory_iterator(study.toy / "records")) {
    if (entry.path().extension() != ".json") continue;
    const auto shown = run_program({"inspect", entry.path().string()}).out;
    CHECK_THAT(shown, ContainsSubstring("ter") && ContainsSubstring("chrf++") && !ContainsSubstring("multi_bleu"));
  }
}

TEST_CASE("study: records of a dirty program are shown as such, and are made again when asked for", "[cli][study]") {
  const TypedStudy study;
  REQUIRE(study.run("run", {"--jobs", "1"}).code == 0);
  const auto mark = [&study](bool dirty) {
    for (const auto& entry : fs::directory_iterator(study.toy / "records")) {
      if (entry.path().extension() != ".json") continue;
      auto text = content_of(entry.path());
      for (const auto* value : {"true", "false"}) {
        const auto at = text.find(std::string("\"dirty\": ") + value);
        if (at != std::string::npos)
          text.replace(at, 9 + std::string(value).size(), dirty ? "\"dirty\": true" : "\"dirty\": false");
      }
      study.toy.folder().file("records/" + entry.path().filename().string(), text);
    }
  };
  mark(false);
  CHECK_THAT(study.run("plan").out, !ContainsSubstring("dirty"));
  CHECK_THAT(study.run("status").out, !ContainsSubstring("dirty"));
  mark(true);
  CHECK_THAT(study.run("plan").out,
             ContainsSubstring("seeds 1 (done, dirty), 2 (done, dirty)") &&
                 ContainsSubstring("dirty (4 of 4): made by a program with uncommitted changes"));
  const auto status = study.run("status").out;
  CHECK_THAT(status, ContainsSubstring("dirty, commit ") && ContainsSubstring("dirty (4 of 4)"));

  const auto again = study.run("run", {"--jobs", "1", "--retrain", "--only", "reversed"});
  CHECK(again.code == 0);
  CHECK_THAT(again.err, ContainsSubstring("--- reversed, seed 1") && ContainsSubstring("--- reversed, seed 2") &&
                            !ContainsSubstring("--- forward"));
}

TEST_CASE("study: a plan that measures tells a time, and keeps nothing", "[cli][study]") {
  const TypedStudy study;
  const auto plan = study.run("plan", {"--measure", "5", "--jobs", "1"});
  CHECK(plan.code == 0);
  CHECK_THAT(plan.out, ContainsSubstring("4 to do; about"));
  CHECK_THAT(plan.err, ContainsSubstring("forward: a trial of 5 s"));
  CHECK(fs::is_empty(study.toy / "runs"));
}

TEST_CASE("study: folders that cannot be written are found before anything is trained", "[cli][study][error]") {
  const TypedStudy study;
  const auto file = study.toy.folder().file("file", "");
  const auto run = [&](const std::string& command, const std::string& runs) {
    return run_program({"study", command, (study.toy / "study.yaml").string(), "--runs", runs});
  };
  const std::string command = GENERATE("run", "work");
  const auto refused = run(command, (file / "runs").string());
  CHECK(refused.code == 1);
  CHECK(refused.err.rfind(file.string() + ": is a file; expected a folder", 0) == 0);
  study.toy.folder().file("records", "");
  CHECK_THAT(run(command, (study.toy / "runs").string()).err,
             ContainsSubstring("records: is a file; expected a folder"));
  CHECK_FALSE(fs::exists(study.toy / "runs"));
}

TEST_CASE("study: options that cannot be are told before anything is done", "[cli][study][error]") {
  const TypedStudy study;
  const auto told = [&study](const std::string& command, const std::vector<std::string>& more) {
    const auto ran = study.run(command, more);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK_THAT(told("run", {"--jobs", "0"}), ContainsSubstring("--jobs 0: must be a number from 1 to 1024"));
  CHECK_THAT(told("plan", {"--measure", "soon"}), ContainsSubstring("--measure soon: must be a number from 0.1 to"));
  CHECK_THAT(told("plan", {"--measure", "nan"}), ContainsSubstring("--measure nan"));
  CHECK_THAT(told("plan", {"--device", "cpu"}), ContainsSubstring("--device cpu: needs `--measure SECONDS`"));
  CHECK_THAT(told("plan", {"--only", "backward"}),
             ContainsSubstring("--only backward") && ContainsSubstring("`forward`"));
  CHECK_THAT(told("table", {"--scale", "huge"}), ContainsSubstring("tiny"));
  CHECK_FALSE(fs::exists(study.toy / "runs"));
}

TEST_CASE("inspect: a record says which run it is of, its figures and examples", "[cli][study][inspect]") {
  const TypedStudy study;
  REQUIRE(study.run("run", {"--jobs", "1", "--only", "reversed"}).code == 0);
  size_t records = 0;
  for (const auto& entry : fs::directory_iterator(study.toy / "records")) {
    if (entry.path().extension() != ".json") continue;
    ++records;
    const auto said = run_program({"inspect", entry.path().string()});
    CHECK(said.code == 0);
    CHECK_THAT(said.out, ContainsSubstring("reversed, seed ") && ContainsSubstring("perplexity") &&
                             ContainsSubstring("10 updates") && ContainsSubstring("on 20 sentences") &&
                             ContainsSubstring("reference"));
  }
  CHECK(records == 2);
  study.toy.folder().file("no.json", "{}");
  const auto refused = run_program({"inspect", (study.toy / "no.json").string()});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring("no.json"));
}

}  // namespace seq2seq::test
