#include <algorithm>
#include <sstream>

#include "test/cli/program.h"
#include "test/cli/trained_toy.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("train: trains with the options as typed, and says nothing on standard output", "[cli][train]") {
  const TrainedToy toy;
  CHECK(toy.trained.code == 0);
  CHECK(toy.trained.out.empty());
  CHECK_THAT(toy.trained.err, ContainsSubstring("finished at update 20"));
  CHECK_THAT(content_of(toy / "run/config.yaml"), ContainsSubstring("seed: 3"));

  const auto again = run_program({"train", toy.file("toy.yaml"), "--run", toy.run()});
  CHECK(again.code == 1);
  CHECK_THAT(again.err, ContainsSubstring("already contains a run"));
  const auto refused = run_program({"train", "--resume", toy.run(), "--seed", "4"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--seed 4: `seed` may not change on resume: 3 in the run, 4 now"));
  const auto extended = run_program({"train", "--resume", toy.run(), "--set", "train.updates=25", "--quiet"});
  CHECK(extended.code == 0);
  CHECK(fs::exists(toy / "run/checkpoints/25"));
}

TEST_CASE("translate: no two outputs go to one file", "[cli][translate][error]") {
  const TrainedToy toy;
  const auto file = toy.file("links");
  const auto refused = run_program({"translate", toy.run(), "--alignments", file, "--attention", file}, "a\n");
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--attention " + file + ": is also the file of `--alignments`"));
  CHECK_FALSE(fs::exists(file));
  toy.folder().file("links", "a b\n");
  const auto over = run_program({"translate", toy.run(), file, "--alignments", file});
  CHECK(over.code == 2);
  CHECK(content_of(file) == "a b\n");
}

TEST_CASE("translate, score, evaluate: a run joined with itself says what it says alone",
          "[cli][translate][ensemble]") {
  const TrainedToy toy;
  const std::string text = "a b\nc\n";
  const auto alone = run_program({"translate", toy.run()}, text);
  const auto joined = run_program({"translate", toy.run(), "--with", toy.run(), "--weights", "1,3"}, text);
  CHECK(joined.code == 0);
  CHECK(joined.out == alone.out);
  const auto evaluated = run_program({"evaluate", toy.run(), "--with", toy.run()});
  CHECK(evaluated.code == 0);
  CHECK_THAT(evaluated.out, ContainsSubstring("\nwith        " + toy.run() + ", checkpoint "));

  const auto refused = run_program({"translate", toy.run(), "--weights", "1"}, text);
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--weights 1: needs an ensemble"));
  const auto links =
      run_program({"translate", toy.run(), "--with", toy.run(), "--alignments", toy.file("links")}, text);
  CHECK(links.code == 2);
  CHECK_THAT(links.err, ContainsSubstring("an ensemble has no alignments"));
  CHECK_FALSE(fs::exists(toy.file("links")));
}

TEST_CASE("rescore: writes a text for each source and reports BLEU", "[cli][rescore]") {
  const TrainedToy toy;
  const auto source = toy.folder().file("source", "a b\nc\n").string();
  const auto reference = toy.folder().file("reference", "a b\nc\n").string();
  const auto list = run_program({"translate", toy.run(), source, "--n-best", "2"});
  CHECK(list.code == 0);
  const auto file = toy.folder().file("list", list.out).string();
  const auto chosen = run_program({"rescore", toy.run(), source, file, "--reference", reference});
  CHECK(chosen.code == 0);
  CHECK(lines(chosen.out) == 2);
  CHECK_THAT(chosen.err, ContainsSubstring("BLEU: list"));
  const auto written = run_program({"rescore", toy.run(), source, file, "--output", toy.file("best"), "--quiet"});
  CHECK(written.out.empty());
  CHECK(content_of(toy / "best") == chosen.out);
  const auto half = run_program({"rescore", toy.run(), source, file, "--tune-list", file});
  CHECK(half.code == 2);
  CHECK_THAT(half.err, ContainsSubstring("need each other"));
}

TEST_CASE("translate: files and streams, order and empty lines", "[cli][translate]") {
  const TrainedToy toy;
  const std::string text = "a b c\n\nc a\nb\n";
  const auto piped = run_program({"translate", toy.run()}, text);
  CHECK(piped.code == 0);
  CHECK(lines(piped.out) == 4);
  toy.folder().file("input", text);
  CHECK(run_program({"translate", toy.run(), toy.file("input")}).out == piped.out);
  CHECK(lines_in(piped.out)[1].empty());
  CHECK(run_program({"translate", toy.run(), "-"}, text).out == piped.out);
  const auto filed = run_program({"translate", toy.run(), toy.file("input"), "--output", toy.file("output")});
  CHECK(filed.out.empty());
  CHECK(content_of(toy / "output") == piped.out);
  CHECK(run_program({"translate", toy.run()}, "").out.empty());
}

TEST_CASE("train: a device of `placement` that is missing is one clear refusal, and `--device` trains all the same",
          "[cli][train][placement][error]") {
  const Toy toy(turned);
  const auto file =
      toy.folder().file("placed.yaml", content_of(toy / "toy.yaml") +
                                           "placement: {preset: paper, devices: [cuda:97, cuda:98, cuda:99]}\n");
  const auto run = (toy / "run").string();
  const auto refused = run_program({"train", file.string(), "--run", run});
  CHECK(refused.code == 2);
  CHECK(lines(refused.err) == 1);
  CHECK_THAT(refused.err,
             ContainsSubstring("`placement.devices`: devices `cuda:97`, `cuda:98`, `cuda:99` were not found") &&
                 ContainsSubstring("Use `--device cpu` to put the whole model on the CPU"));
  CHECK_FALSE(fs::exists(run));
  CHECK(run_program({"config", "check", file.string()}).code == 0);
  CHECK(run_program({"train", file.string(), "--run", run, "--device", "cpu", "--set", "train.updates=1"}).code == 0);
  CHECK(run_program({"translate", run}, "a b\n").code == 0);
  const auto placed = run_program({"translate", run, "--placement", "run"}, "a b\n");
  CHECK(placed.code == 2);
  CHECK_THAT(placed.err, ContainsSubstring("were not found"));
}

TEST_CASE("translate, score and evaluate: a placement of the run or of a file changes no output", "[cli][placement]") {
  const Toy toy(turned);
  const auto file = [&toy](const char* name) { return (toy / name).string(); };
  REQUIRE(run_program({"train", file("toy.yaml"), "--run", file("run"), "--set", "train.updates=5", "--set",
                       "placement.preset=paper", "--set", "placement.devices=[cpu, cpu, cpu]"})
              .code == 0);
  toy.folder().file("places.yaml", "placement: {encoder: [cpu, cpu], devices: [cpu, cpu]}\n");
  const std::vector<std::vector<std::string>> commands{{"translate", file("run"), file("held.source"), "--quiet"},
                                                       {"score", file("run"), file("held.source"), file("held.target")},
                                                       {"evaluate", file("run"), "--json"}};
  for (auto words : commands) {
    CAPTURE(words);
    const auto figures = [](const std::string& out) { return out.substr(0, out.find("\"run\"")); };
    const auto plain = run_program(words);
    CHECK(plain.code == 0);
    words.insert(words.end(), {"--placement", "run"});
    const auto as_trained = run_program(words);
    CHECK(as_trained.code == 0);
    CHECK(figures(as_trained.out) == figures(plain.out));
    words.back() = file("places.yaml");
    const auto by_file = run_program(words);
    CHECK(by_file.code == 0);
    CHECK(figures(by_file.out) == figures(plain.out));
    if (words.front() != "translate")
      CHECK_THAT(by_file.err, ContainsSubstring("device 1 of `placement.devices` stays unused"));
  }
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

TEST_CASE("translate: an output that cannot be written is found before the run is read, and its folder named",
          "[cli][translate][error]") {
  const TemporaryFolder folder;
  const auto translated_to = [](const std::string& output) {
    const auto ran = run_program({"translate", "no-such-run", "--output", output}, "a\n");
    CHECK(ran.code == 1);
    CHECK(lines(ran.err) == 1);
    return ran.err;
  };
  const auto none = folder / "none";
  CHECK_THAT(translated_to((none / "output").string()),
             ContainsSubstring(none.string() + ": no such folder. Create it"));
  CHECK_THAT(translated_to("/proc/output"), ContainsSubstring("/proc: cannot be written: "));  // not even by root
  CHECK_THAT(translated_to(folder.path().string()), ContainsSubstring("is a folder; expected a file name"));
  CHECK_THAT(translated_to((folder / "output").string()), ContainsSubstring("no-such-run"));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("translate: an output follows links and keeps the names and the mode of its file", "[cli][translate]") {
  const TrainedToy toy("5");
  const auto target = toy.folder().file("elsewhere/target", "old");
  fs::permissions(target, fs::perms(0640));
  fs::create_hard_link(target, toy / "name");
  fs::create_symlink("elsewhere/target", toy / "link");
  const auto piped = run_program({"translate", toy.run()}, "a b\nc\n").out;
  CHECK(run_program({"translate", toy.run(), "--output", toy.file("link")}, "a b\nc\n").code == 0);
  CHECK(fs::is_symlink(toy / "link"));
  CHECK(content_of(target) == piped);
  CHECK(content_of(toy / "name") == piped);
  CHECK(fs::status(target).permissions() == fs::perms(0640));
}

TEST_CASE("translate and score: warn of unknown tokens once, and not when quiet", "[cli][translate][score]") {
  const TrainedToy toy("5");
  const std::string text = "a q\nq\n";
  const std::string of_source =
      "warning: 2 of 3 source tokens (66.67 %) are not in the vocabulary; line 2 has only unknown tokens\n";
  CHECK_THAT(run_program({"translate", toy.run()}, text).err, ContainsSubstring(of_source));
  CHECK_THAT(run_program({"translate", toy.run(), "--quiet"}, text).err, !ContainsSubstring("unknown"));
  CHECK_THAT(run_program({"translate", toy.run()}, "a b\n").err, !ContainsSubstring("vocabulary"));
  toy.folder().file("source", text);
  toy.folder().file("target", "a\nb r\n");
  const auto scored = run_program({"score", toy.run(), toy.file("source"), toy.file("target")});
  CHECK_THAT(scored.err, ContainsSubstring(of_source) &&
                             ContainsSubstring("warning: 1 of 3 target tokens (33.33 %) is not in the vocabulary\n"));
  CHECK(run_program({"score", toy.run(), toy.file("source"), toy.file("target"), "--quiet"}).err.empty());
}

TEST_CASE("score: an n-best list comes back with one feature more", "[cli][score]") {
  const TrainedToy toy;
  toy.folder().file("source", "a b\nc\n");
  toy.folder().file("list", run_program({"translate", toy.run(), toy.file("source"), "--n-best", "2"}).out);
  const auto ran = run_program({"score", toy.run(), toy.file("source"), "--n-best", toy.file("list")});
  CHECK(ran.code == 0);
  CHECK(lines(ran.out) == 4);
  for (const auto& line : lines_in(ran.out)) CHECK_THAT(line, ContainsSubstring(" seq2seq= -"));
  toy.folder().file("again", ran.out);
  const auto again = run_program({"score", toy.run(), toy.file("source"), "--n-best", toy.file("again")});
  CHECK(again.code == 1);
  CHECK_THAT(again.err, ContainsSubstring("again:1: already has a feature `seq2seq=`"));
  const auto named =
      run_program({"score", toy.run(), toy.file("source"), "--n-best", toy.file("again"), "--feature", "other"});
  for (const auto& line : lines_in(named.out))
    CHECK_THAT(line, ContainsSubstring(" seq2seq= -") && ContainsSubstring(" other= -"));
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

TEST_CASE("translate: outputs have the prefix and the phrases of their line", "[cli][translate]") {
  const TrainedToy toy;
  const auto prefix = toy.folder().file("prefix", "c b\n\n"), phrases = toy.folder().file("phrases", "\nb c\ta a\n");
  const auto ran = run_program({"translate", toy.run(), "--prefix", prefix, "--constraints", phrases}, "a b c\nc a\n");
  CHECK(ran.code == 0);
  const auto outputs = lines_in(ran.out);
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[0].starts_with("c b"));
  CHECK_THAT(outputs[1], ContainsSubstring("b c") && ContainsSubstring("a a"));
  CHECK(ran.err.find("lack") == std::string::npos);

  const auto unknown = toy.folder().file("unknown", "a\nz\n");
  const auto refused = run_program({"translate", toy.run(), "--constraints", unknown}, "a\nb\n");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, ContainsSubstring(unknown.string() + ":2") && ContainsSubstring("`z`"));
  const auto short_of = run_program(
      {"translate", toy.run(), "--constraints", phrases, "--set", "decode.max_length={ratio: 0, plus: 3, limit: 3}"},
      "a\nb\n");
  CHECK(short_of.code == 0);
  CHECK_THAT(short_of.err, ContainsSubstring("1 of 2 outputs does not meet `--prefix` or `--constraints`") &&
                               ContainsSubstring("line 2"));
}

TEST_CASE("train: a checkpoint to go back to is named, and refused where it is not there", "[cli][train][resume]") {
  const TrainedToy toy;
  const auto refused = run_program({"train", "--resume", toy.run(), "--checkpoint", "7"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("has no checkpoint of update 7; it has 5, 10, 15, 20"));
  const auto back = run_program({"train", "--resume", toy.run(), "--checkpoint", "10", "--threads", "1"});
  CHECK(back.code == 0);
  CHECK_THAT(back.err, ContainsSubstring("drops updates 11 to 20, and checkpoints 15, 20"));
}

TEST_CASE("translate: more outputs than the beam holds names both, and the option", "[cli][translate][error]") {
  const TrainedToy toy;
  const auto refused = run_program({"translate", toy.run(), "--n-best", "10", "--set", "decode.beam=5"}, "a\n");
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err,
             ContainsSubstring("--n-best 10: ") &&
                 ContainsSubstring("10 outputs cannot come from a beam of 5; set `decode.beam` (`--beam 10`)"));
  CHECK(run_program({"translate", toy.run(), "--n-best", "10", "--beam", "10"}, "a b\n").code == 0);
}

TEST_CASE("train: both lengths of a run at once name the way out, which works", "[cli][train][error]") {
  const Toy toy(copied);
  const std::vector<std::string> words{
      "config", "check", (toy / "toy.yaml").string(), "--set", "train.epochs=2", "--set", "train.updates=5"};
  const auto refused = run_program(words);
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("`--set train.epochs=null`"));
  auto unset = words;
  unset[4] = "train.epochs=null";
  CHECK(run_program(unset).code == 0);
}

TEST_CASE("translate: keys that it does not read are refused", "[cli][translate][error]") {
  const TrainedToy toy;
  const auto [key, problem] = GENERATE(table<std::string, std::string>(
      {{"decode.rescore.list=x",
        "has no effect: `translate` searches for its outputs. Choose outputs from a list with "},
       {"metrics.lowercase=true",
        "has no effect: `translate` compares outputs only with `decode.minimum_bayes_risk`"}}));
  const auto refused = run_program({"translate", toy.run(), "--set", key}, "a\n");
  CHECK(refused.code == 2);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err, ContainsSubstring("--set " + key + ": " + problem));
  CHECK(run_program({"translate", toy.run(), "--set", "decode.search=sample", "--set", "decode.n_best=2", "--set",
                     "decode.minimum_bayes_risk=bleu", "--set", "metrics.lowercase=true"},
                    "a\n")
            .code == 0);
}

TEST_CASE("translate, evaluate: outputs that cannot have the minimum length are counted", "[cli][translate]") {
  const TrainedToy toy;
  const std::vector<std::string> lengths{"--set", "decode.min_length=4", "--set",
                                         "decode.max_length={ratio: 1, plus: 0, limit: 10}"};
  auto translate = lengths, evaluate = lengths;
  translate.insert(translate.begin(), {"translate", toy.run()});
  evaluate.insert(evaluate.begin(), {"evaluate", toy.run()});
  CHECK_THAT(run_program(translate, "a\na b c a\n").err,
             ContainsSubstring(
                 "1 of 2 outputs is shorter than `decode.min_length`, because the longest output for its source is"));
  CHECK_THAT(run_program(evaluate).err, ContainsSubstring(" outputs are shorter than `decode.min_length`"));
  const auto never = run_program({"translate", toy.run(), "--set", "decode.min_length=4", "--set",
                                  "decode.max_length={ratio: 0, plus: 3, limit: 10}"},
                                 "a\n");
  CHECK(never.code == 2);
  CHECK_THAT(never.err, ContainsSubstring("--set decode.min_length=4: `decode.min_length`: must not be larger than "
                                          "`max_length.plus`"));
}

TEST_CASE("train: an option that breaks a rule of another key is named", "[cli][train][resume][error]") {
  const TrainedToy toy;
  const auto refused = run_program({"train", "--resume", toy.run(), "--set", "train.validate.metrics=[bleu]"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err,
             Catch::Matchers::StartsWith("--set train.validate.metrics=[bleu]: `train.validate.best_by` (") &&
                 ContainsSubstring("`perplexity` is not among `metrics`: bleu"));
  const auto lost = toy.file("nowhere");
  const auto named = run_program({"train", "--resume", toy.run(), "--set", "data.validation.source=" + lost});
  CHECK(named.code == 2);
  CHECK_THAT(named.err, ContainsSubstring("--set data.validation.source=" + lost + ": " + lost + " does not exist"));
}

}  // namespace seq2seq::test
