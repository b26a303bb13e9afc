#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "test/cli/program.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// A toy with a run, trained by the program.
struct TrainedToy : Toy {
  explicit TrainedToy(const std::string& updates = "20") : Toy(turned) {
    trained = run_program({"train", (*this / "toy.yaml").string(), "--run", run(), "--threads", "1", "--seed", "3",
                           "--set", "train.updates=" + updates});
  }
  std::string run() const { return (*this / "run").string(); }
  std::string file(const std::string& name) const { return (*this / name).string(); }
  Ran trained;
};

size_t lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

TEST_CASE("train: trains with the options as typed, and says nothing on standard output", "[cli][train]") {
  const TrainedToy toy;
  CHECK(toy.trained.code == 0);
  CHECK(toy.trained.out.empty());
  CHECK_THAT(toy.trained.err, ContainsSubstring("finished at update 20"));
  CHECK_THAT(content_of(toy / "run/config.yaml"), ContainsSubstring("seed: 3"));

  const auto again = run_program({"train", toy.file("toy.yaml"), "--run", toy.run()});
  CHECK(again.code == 1);
  CHECK_THAT(again.err, ContainsSubstring("already holds a run"));
  const auto refused = run_program({"train", "--resume", toy.run(), "--seed", "4"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--seed 4: `seed` may not change on resume: 3 in the run, 4 now"));
  const auto extended = run_program({"train", "--resume", toy.run(), "--set", "train.updates=25", "--quiet"});
  CHECK(extended.code == 0);
  CHECK(fs::exists(toy / "run/checkpoints/25"));
}

TEST_CASE("translate: files and streams, order and empty lines", "[cli][translate]") {
  const TrainedToy toy;
  const std::string text = "a b c\n\nc a\nb\n";
  const auto piped = run_program({"translate", toy.run()}, text);
  CHECK(piped.code == 0);
  CHECK(lines(piped.out) == 4);
  toy.folder().file("input", text);
  CHECK(run_program({"translate", toy.run(), toy.file("input")}).out == piped.out);
  CHECK(run_program({"translate", toy.run()}, text, {.in = true}).out == piped.out);
  const auto filed = run_program({"translate", toy.run(), toy.file("input"), "--output", toy.file("output")});
  CHECK(filed.out.empty());
  CHECK(content_of(toy / "output") == piped.out);
  CHECK(run_program({"translate", toy.run()}, "").out.empty());
}

TEST_CASE("translate: n-best lists have the format of Moses, best first", "[cli][translate]") {
  const TrainedToy toy;
  const auto ran = run_program({"translate", toy.run(), "--beam", "4", "--n-best", "3"}, "a b\nc\n");
  CHECK(ran.code == 0);
  REQUIRE(lines(ran.out) == 6);
  double last = 0;
  std::istringstream out(ran.out);
  for (std::string line; std::getline(out, line);) {
    const size_t score = line.rfind(" ||| ");
    CHECK(line.rfind(lines(ran.out) == 6 && line.front() == '0' ? "0 ||| " : "1 ||| ", 0) == 0);
    const double value = std::stod(line.substr(score + 5));
    if (line.front() == '0') CHECK(value <= last);
    last = value;
  }
  const auto twice = run_program({"translate", toy.run(), "--beam", "2", "--set", "decode.beam=3"}, "a\n");
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err, ContainsSubstring("--beam 2: `decode.beam` is also set, by `--set decode.beam=3`"));
  const auto refused = run_program({"translate", toy.run(), "--beam", "2", "--n-best", "3"}, "a\n");
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--n-best 3"));
}

TEST_CASE("translate: what is no text leaves no output file", "[cli][translate][error]") {
  const TrainedToy toy("5");
  const auto ran = run_program({"translate", toy.run(), "--output", toy.file("output")}, "a\nb\xFF\n");
  CHECK(ran.code == 1);
  CHECK_THAT(ran.err, ContainsSubstring("<stdin>:2:2: byte 0xFF"));
  CHECK_FALSE(fs::exists(toy / "output"));
  const auto missing = run_program({"translate", toy.run(), toy.file("nowhere")});
  CHECK(missing.code == 1);
  CHECK_THAT(missing.err, ContainsSubstring("nowhere: cannot be read"));
}

TEST_CASE("score: one number a pair, with those of its tokens behind a tab", "[cli][score]") {
  const TrainedToy toy;
  const auto ran = run_program({"score", toy.run(), toy.file("held.source"), toy.file("held.target"), "--per-token"});
  CHECK(ran.code == 0);
  REQUIRE(lines(ran.out) == 20);
  std::istringstream out(ran.out), targets(content_of(toy / "held.target"));
  for (std::string line, target; std::getline(out, line) && std::getline(targets, target);) {
    const auto blanks = std::count(target.begin(), target.end(), ' ');
    CHECK(std::count(line.begin(), line.end(), ' ') == blanks + 1);  // the end symbol has one too
    CHECK(std::count(line.begin(), line.end(), '\t') == 1);
  }
  CHECK_THAT(ran.err, ContainsSubstring("perplexity"));
  CHECK(run_program({"score", toy.run(), toy.file("held.source"), toy.file("train.target")}).code == 1);
}

TEST_CASE("evaluate: table and JSON tell the same figures", "[cli][evaluate]") {
  const TrainedToy toy;
  const auto table = run_program({"evaluate", toy.run()});
  CHECK(table.code == 0);
  const auto ran = run_program({"evaluate", toy.run(), "--json", "--quiet"});
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(ran.err.empty());
  CHECK(json.at("sentences") == 20);
  const auto figures = json.at("figures");
  for (const auto* name : {"perplexity", "exact_match", "sequence_error_rate", "token_error_rate", "bleu"})
    CHECK(figures.contains(name));
  CHECK_THAT(table.out, ContainsSubstring(fmt::format("{:.4f}", figures.at("perplexity").get<double>())));
  CHECK_THAT(table.out,
             ContainsSubstring(fmt::format("{:.2f} %", 100 * figures.at("sequence_error_rate").get<double>())));
  CHECK_THAT(table.out, ContainsSubstring("nrefs:1"));
  CHECK_THAT(table.out, ContainsSubstring("beam 2"));

  CHECK_THAT(run_program({"evaluate", toy.run(), "--bleu-tokenizer", "13a"}).out, ContainsSubstring("tok:13a"));
  const auto refused = run_program({"evaluate", toy.run(), "--bleu-tokenizer", "14"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--bleu-tokenizer 14") && ContainsSubstring("one of `none`, `13a`"));
  const auto lower = run_program({"evaluate", toy.run(), "--lowercase"});
  CHECK_THAT(lower.out, ContainsSubstring("case:lc") && ContainsSubstring("compared in lower case"));
  const auto twice = run_program({"evaluate", toy.run(), "--lowercase", "--set", "metrics.lowercase=false"});
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err,
             ContainsSubstring("--lowercase: `metrics.lowercase` is also set, by `--set metrics.lowercase=false`"));

  const auto given = run_program({"evaluate", toy.run(), "--source", toy.file("held.source"), "--reference",
                                  toy.file("held.target"), "--reference", toy.file("held.source"), "--json"});
  CHECK(nlohmann::json::parse(given.out).at("references").at("most") == 2);
}

TEST_CASE("inspect: a run, its checkpoint and its vocabulary say what they are", "[cli][inspect]") {
  const TrainedToy toy;
  const auto run = run_program({"inspect", toy.run()});
  CHECK(run.code == 0);
  CHECK_THAT(run.out, ContainsSubstring("4,782 parameters"));
  CHECK_THAT(run.out, ContainsSubstring("update 20"));
  CHECK_THAT(run.out, ContainsSubstring("finished (updates)"));
  CHECK_THAT(run.out, ContainsSubstring("perplexity"));
  const auto checkpoint = run_program({"inspect", toy.run() + "/checkpoints/20/"});
  CHECK(checkpoint.code == 0);
  CHECK_THAT(checkpoint.out, ContainsSubstring("encoder.lstm.weight_hh_l1"));
  const auto vocabulary = run_program({"inspect", toy.run() + "/source.vocabulary"});
  CHECK(vocabulary.code == 0);
  CHECK_THAT(vocabulary.out, ContainsSubstring("3 words and 3 special ones"));
  CHECK(run_program({"inspect", toy.file("nowhere")}).code == 1);
  CHECK(run_program({"inspect", toy.file("toy.yaml")}).code == 1);
}

}  // namespace seq2seq::test
