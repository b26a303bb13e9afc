// Run folders that were moved together with their text.
#include "seq2seq/core/error.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/load.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Moves the text and a run of a toy to another folder in it.
void move(const Toy& toy, const std::string& from, const std::string& to, const std::string& run) {
  fs::create_directories(toy / to);
  for (const char* name : {"train.source", "train.target", "held.source", "held.target", run.c_str()})
    fs::rename(toy / from / name, toy / to / name);
}

}  // namespace

TEST_CASE("moved: a run that moved with its text is evaluated and continues exactly", "[run][moved]") {
  Toy toy(copied);
  const std::string constant = "train.schedule.kind=constant";  // other schedules depend on the planned length
  toy.train("long", {constant, "train.updates=20"});
  toy.train("run", {constant, "train.updates=10"});

  move(toy, ".", "a/b", "run");
  CHECK(run::evaluate(toy.load("a/b/run"), {}, toy.environment).sentences == 20);
  toy.resume("a/b/run", {"train.updates=15"});
  move(toy, "a/b", "c", "run");  // once more, now that the resume wrote the configuration anew
  toy.resume("c/run", {"train.updates=20"});

  CHECK((parameters_of(toy / "c/run", 20) == parameters_of(toy / "long", 20)));
  CHECK_THAT(content_of(toy / "c/run/config.yaml"), ContainsSubstring("c/train.source"));
}

TEST_CASE("moved: text that cannot be found is named, with the way out", "[run][moved][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  fs::create_directories(toy / "elsewhere");
  fs::rename(toy / "train.source", toy / "elsewhere/train.source");
  fs::rename(toy / "held.target", toy / "elsewhere/held.target");

  CHECK_THAT(message_of<UsageError>([&] { toy.resume("run", {"train.updates=20"}); }),
             ContainsSubstring("train.source: is part of the run's text, but does not exist") &&
                 ContainsSubstring("--set data.train.source=FILE"));
  CHECK_THAT(message_of<Error>([&] { run::evaluate(toy.load("run"), {}, toy.environment); }),
             ContainsSubstring("held.target: is part of the run's test set, but does not exist") &&
                 ContainsSubstring("--source FILE --reference FILE"));
}

TEST_CASE("moved: other text at the same place is refused", "[run][moved][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  move(toy, ".", "elsewhere", "run");
  toy.folder().file("elsewhere/train.source", content_of(toy / "elsewhere/held.source"));
  toy.folder().file("elsewhere/train.target", content_of(toy / "elsewhere/held.target"));

  CHECK_THAT(message_of<UsageError>([&] { toy.resume("elsewhere/run", {"train.updates=20"}); }),
             ContainsSubstring("`data.train` has changed since this run started"));
}

}  // namespace seq2seq::test
