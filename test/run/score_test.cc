#include "seq2seq/run/score.h"

#include <cmath>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("scoring: the probabilities of all targets of up to 6 symbols add up to nearly 1", "[run][score][property]") {
  Toy toy(copied, /*letters=*/2, /*longest=*/3, /*held_out=*/3);
  toy.train("run", {"train.updates=300", "train.checkpoint.every_updates=0", "train.validate.every_updates=300"});
  const auto run = toy.load("run");
  auto targets = shuffled_sequences(2, 6, 1);
  targets.push_back({});  // the empty target has a probability too
  std::string sources;
  for (size_t i = 0; i < targets.size(); ++i) sources += "a b\n";
  std::ostringstream out;
  const auto scored = run::score_files(run, toy.folder().file("all.source", sources),
                                       toy.folder().file("all.target", lines_of(targets)), out, {}, toy.environment);
  CHECK(scored.pairs == std::ssize(targets));

  double sum = 0, score = 0;
  for (std::istringstream lines(out.str()); lines >> score;) sum += std::exp(score);
  // Special words and longer targets are missing; after 300 updates they are unlikely.
  CHECK(sum < 1);
  CHECK(sum > 0.9);
}

TEST_CASE("scoring: unequal numbers of lines are told with both counts", "[run][score][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream out;
  const auto refused = message_of<Error>([&] {
    run::score_files(run, toy.folder().file("two", "a\nb\n"), toy.folder().file("three", "a\nb\nc\n"), out, {},
                     toy.environment);
  });
  CHECK_THAT(refused, ContainsSubstring("three: has 3 lines, but"));
  CHECK_THAT(refused, ContainsSubstring("two has 2"));
  CHECK(out.str().empty());
}

TEST_CASE("scoring: an n-best list gets the score of each text given its source, and stays as it was otherwise",
          "[run][score]") {
  Toy toy(turned);
  toy.train("run");
  const auto run = toy.load("run", "last", {"decode.beam=4", "decode.n_best=4"});
  const auto source = toy.folder().file("source", "a b c\nc\nb b\n");
  std::ostringstream listed, out;
  auto lines = line_reader(content_of(source));
  run::translate(run, lines, listed, {.format = run::OutputFormat::moses});
  // From another system: its features, blanks, a separator and an unknown token in the text, in any order.
  const std::string foreign =
      "2 ||| b a  ||| LM0= -3.5 Distortion0= 0 0 ||| -1.25\n0 ||| c ||| b ||| lm= 1 ||| 2\n1 |||  |||  ||| -9e-1\n";
  const auto list = toy.folder().file("list", listed.str() + foreign);

  const auto scored = run::score_n_best(run, list, source, out, {.tokens = false, .feature = "mine"}, toy.environment);

  const auto before = lines_in(content_of(list)), after = lines_in(out.str());
  REQUIRE(after.size() == before.size());
  CHECK(scored.pairs == std::ssize(before));
  CHECK(scored.unknown_target.unknown == 1);
  std::string sources, targets;
  const auto sentences = lines_in(content_of(source));
  for (const auto& line : before) {
    const auto first = line.find(" ||| ") + 5;
    const auto last = line.rfind(" ||| ", line.rfind(" ||| ") - 5);
    sources += sentences[static_cast<size_t>(line.front() - '0')] + "\n";
    targets += line.substr(first, last - first) + "\n";
  }
  std::ostringstream pairs;
  run::score_files(run, toy.folder().file("sources", sources), toy.folder().file("targets", targets), pairs, {},
                   toy.environment);
  const auto scores = lines_in(pairs.str());
  for (size_t i = 0; i < after.size(); ++i) {
    CAPTURE(before[i], after[i]);
    const auto at = after[i].find("mine= "), end = after[i].find(" ||| ", at);
    REQUIRE(at != std::string::npos);
    const double score = std::stod(after[i].substr(at + 6, end - at - 6));
    CHECK_THAT(score, WithinAbs(std::stod(scores[i]), 1e-5));  // products of another height
    const bool bare = after[i].substr(at - 2, 2) == "| ";      // there was no other feature
    CHECK(after[i].substr(0, bare ? at : at - 1) + after[i].substr(end) == before[i]);
    const auto searched = before[i].find("logprob= ");
    if (searched == std::string::npos || before[i].find("cut= 1") != std::string::npos) continue;
    CHECK_THAT(score, WithinAbs(std::stod(before[i].substr(searched + 9)), 1e-5));
  }
}

TEST_CASE("scoring: what is no n-best list of the source is named with its line", "[run][score][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  const auto [line, problem] = GENERATE(table<std::string, std::string>({
      {"a b", "list:2: expected `sentence ||| text ||| features ||| score`, found `a b`"},
      {"0 ||| a ||| x= 1", "list:2: expected `sentence"},
      {"a ||| a ||| x= 1 ||| 2", "list:2: expected `sentence"},
      {"-1 ||| a ||| x= 1 ||| 2", "list:2: expected `sentence"},
      {"0 ||| a ||| x= 1 ||| 2 ||| 0-0 1-1", "list:2: expected `sentence"},
      {"2 ||| a ||| x= 1 ||| 2", "list:2: has sentence 2 (counted from 0), but the source has 2 lines"},
      {"1 ||| a ||| seq2seq= 1 ||| 2", "list:2: already has a feature `seq2seq=`. Give another name with `--feature"},
      {"1 ||| a ||| x= 1 seq2seq= 1 ||| 2", "list:2: already has a feature `seq2seq=`"},
  }));
  CAPTURE(line);
  const auto source = toy.folder().file("source", "a\nb\n");
  const auto list = toy.folder().file("list", "1 ||| a ||| my_seq2seq= 1 ||| -1\n" + line + "\n");
  std::ostringstream out;
  CHECK_THAT(message_of<Error>([&] { run::score_n_best(run, list, source, out, {}, toy.environment); }),
             ContainsSubstring(problem));
  CHECK(out.str().empty());
}

TEST_CASE("scoring: unknown tokens of both sides are counted", "[run][score]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto run = toy.load("run");
  std::ostringstream out;
  const auto scored = run::score_files(run, toy.folder().file("source", "a\nq\n"),
                                       toy.folder().file("target", "a q r\nb\n"), out, {}, toy.environment);
  CHECK(run::describe(scored.unknown_source, "source") ==
        "1 of 2 source tokens (50.00 %) is not in the vocabulary; line 2 has only unknown tokens");
  CHECK(run::describe(scored.unknown_target, "target") == "2 of 4 target tokens (50.00 %) are not in the vocabulary");
}

}  // namespace seq2seq::test
