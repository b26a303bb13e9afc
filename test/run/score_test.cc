#include "seq2seq/run/score.h"

#include <cmath>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
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
  // What is missing are the special words and longer targets, which 300 updates have made unlikely.
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

}  // namespace seq2seq::test
