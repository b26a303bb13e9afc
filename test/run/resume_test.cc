#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/train/schedule/constant.h"
#include "seq2seq/train/schedule/linear.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the lines of metrics.jsonl without values that depend on the clock.
std::vector<std::string> measured(const fs::path& run) {
  std::istringstream lines(content_of(RunFolder(run).metrics()));
  std::vector<std::string> kept;
  for (std::string line; std::getline(lines, line);) {
    const auto speed = line.find("\"words_per_second\"");
    if (speed != std::string::npos) line.erase(speed, line.find(',', speed) - speed);
    kept.push_back(line.substr(0, line.find("\"seconds\"")));
  }
  return kept;
}

}  // namespace

TEST_CASE("resume: a run that was killed anywhere ends with the parameters of one that was not", "[run][resume]") {
  Toy toy(turned);
  toy.train("whole");
  const auto expected = parameters_of(toy / "whole", 30);
  REQUIRE(expected.at("weights.safetensors").size() > 1000);

  // Before the first checkpoint, while one is written, between two.
  const int killed_at = GENERATE(25, 40, 47, 60, 77);
  CAPTURE(killed_at);
  FailingFiles files(disk_files(), killed_at, FailingFiles::Mode::from_then_on);
  toy.environment.files = &files;
  REQUIRE_THROWS_AS(toy.train("cut"), Error);
  toy.environment.files = &disk_files();
  REQUIRE(fs::exists(toy / "cut/run.json"));
  REQUIRE_FALSE(fs::exists(toy / "cut/checkpoints/30"));

  const auto outcome = toy.resume("cut");

  CHECK(outcome.ending == train::Ending::finished);
  CHECK(outcome.update == 30);
  CHECK((parameters_of(toy / "cut", 30) == expected));
  CHECK(measured(toy / "cut") == measured(toy / "whole"));
}

TEST_CASE("resume: a run in two sessions ends with the parameters of one session, for every optimizer",
          "[run][resume]") {
  using Keys = std::vector<std::string>;
  const auto optimizer = GENERATE(
      Keys{"train.optimizer.kind=sgd", "train.optimizer.learning_rate=0.1", "train.optimizer.momentum=0.9"},
      Keys{"train.optimizer.lazy=true"}, Keys{"train.optimizer.lazy=true", "train.optimizer.weight_decay=0.1"});
  CAPTURE(optimizer);
  Toy toy(turned);
  check_exact_resume(toy, optimizer);
}

TEST_CASE("resume: an interrupted run keeps a checkpoint and goes on to the same end", "[run][resume]") {
  Toy toy(turned);
  toy.train("whole");
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    const auto outcome = toy.train("cut");
    CHECK(outcome.ending == train::Ending::interrupted);
    CHECK(outcome.update == 0);
  }
  CHECK_THAT(toy.said(), ContainsSubstring("seq2seq train --resume " + (toy / "cut").string()));

  const InterruptGuard afresh;
  toy.resume("cut");

  CHECK((parameters_of(toy / "cut", 30) == parameters_of(toy / "whole", 30)));
}

TEST_CASE("resume: a finished run that is extended equals a longer one", "[run][resume]") {
  Toy toy(turned);
  std::vector<std::string> set{"train.schedule.kind=constant"};
  if (GENERATE(false, true)) {
    set.insert(set.end(),
               {"model.encoder.weight_dropout=0.3", "model.decoder.weight_dropout=0.3", "model.encoder.residual_from=2",
                "model.encoder.layer_dropout=0.4", "model.decoder.residual_from=2", "model.decoder.layer_dropout=0.4"});
  }
  toy.train("long", set);
  set.emplace_back("train.updates=15");
  toy.train("short", set);

  toy.resume("short", {"train.updates=30"});

  CHECK((parameters_of(toy / "short", 30) == parameters_of(toy / "long", 30)));
  CHECK_THAT(content_of(toy / "short/config.yaml"), ContainsSubstring("updates: 30"));
}

TEST_CASE("resume: a finished run says so, how to extend it, and is left as it is", "[run][resume]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  const auto before = content_of(toy / "run/run.json");
  toy.forget_said();

  const auto outcome = toy.resume("run");

  CHECK(outcome.ending == train::Ending::finished);
  CHECK(outcome.update == 10);
  CHECK_THAT(toy.said(), ContainsSubstring("finished at update 10"));
  CHECK_THAT(toy.said(), ContainsSubstring("--set train.updates="));
  CHECK(content_of(toy / "run/run.json") == before);

  toy.resume("run", {"train.updates=5"});
  CHECK(content_of(toy / "run/run.json") == before);
  CHECK_THAT(content_of(toy / "run/config.yaml"), ContainsSubstring("updates: 10"));
}

TEST_CASE("resume: the way to extend a finished run says whether the learning rate rises again", "[run][resume]") {
  Toy toy(copied);
  toy.train("falling", {"train.updates=10", "train.schedule={kind: linear, warmup_updates: 0}"});
  toy.train("constant", {"train.updates=10", "train.schedule.kind=constant"});
  toy.forget_said();

  toy.resume("falling");
  // The rate falls in equal steps: a tenth of it is left for update 10, half of it for update 11 of 20.
  CHECK_THAT(toy.said(), ContainsSubstring("would rise again, from 0.1 to 0.5 of its maximum"));
  toy.forget_said();

  toy.resume("constant");
  CHECK_THAT(toy.said(), !ContainsSubstring("rise again"));
}

TEST_CASE("resume: another number of threads is said not to be exact", "[run][resume]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  toy.forget_said();
  toy.environment.threads = 2;

  toy.resume("run", {"train.updates=10"});

  CHECK_THAT(toy.said(), ContainsSubstring("threads: 1 before, 2 now"));
  CHECK_THAT(toy.said(), ContainsSubstring("not bit-exact"));
}

TEST_CASE("resume: a program that computes a kind differently says so, and only that", "[run][resume]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  toy.forget_said();
  const int version = GENERATE(1, 2);
  auto registries = run::builtin_registries();
  registries.schedules = {};
  registries.schedules.add<train::Constant>("constant", "the rate as it is");
  registries.schedules.add<train::Linear>("linear", "falling to a share", {.version = version});
  toy.environment.registries = &registries;

  toy.resume("run", {"train.updates=10"});

  CHECK((toy.said().find("this is not the computation that the run started with") != std::string::npos) ==
        (version == 2));
}

TEST_CASE("resume: `--checkpoint` goes back, says what is dropped, and ends as a run that never went further",
          "[run][resume]") {
  Toy toy(turned);
  toy.train("whole");
  toy.train("run");
  SECTION("all are there") {
    toy.forget_said();
    toy.resume("run", {}, "15");
    CHECK_THAT(toy.said(), ContainsSubstring("drops updates 16 to 30, and checkpoints 20, 25, 30"));
  }
  SECTION("the newest is missing") {
    fs::remove_all(toy / "run/checkpoints/30");
    toy.resume("run", {}, "15");
    CHECK_THAT(toy.said(), ContainsSubstring("drops updates 16 to 25, and checkpoints 20, 25"));
  }
  SECTION("killed at any operation, the next resume ends alike") {
    const int killed_at = GENERATE(range(1, 16));
    CAPTURE(killed_at);
    FailingFiles files(disk_files(), killed_at, FailingFiles::Mode::from_then_on);
    toy.environment.files = &files;
    REQUIRE_THROWS_AS(toy.resume("run", {}, "15"), Error);
    toy.environment.files = &disk_files();
    toy.resume("run");
  }
  CHECK((parameters_of(toy / "run", 30) == parameters_of(toy / "whole", 30)));
  CHECK(measured(toy / "run") == measured(toy / "whole"));
  CHECK(content_of(toy / "run/checkpoints/best") == content_of(toy / "whole/checkpoints/best"));
}

TEST_CASE("resume: from the old end of a run that was extended, it goes on to the new one", "[run][resume]") {
  Toy toy(copied);
  const auto [first, second] = GENERATE(table<std::string, std::string>(
      {{"train.updates=10", "train.updates=20"}, {"train.epochs=1", "train.epochs=2"}}));
  const std::vector<std::string> by_epochs{"train.updates=null"};
  const auto with = [&](const std::string& key) {
    auto set = key.starts_with("train.epochs") ? by_epochs : std::vector<std::string>{};
    set.push_back(key);
    return set;
  };
  const auto old_end = toy.train("run", with(first)).update;
  const auto end = toy.resume("run", {second}).update;
  REQUIRE(end == 2 * old_end);
  CHECK(toy.resume("run", {}, std::to_string(old_end)).update == end);
  CHECK(toy.resume("run").update == end);  // finished, and not changed
}

TEST_CASE("resume: a run that was killed before its first checkpoint starts again, and says so", "[run][resume]") {
  Toy toy(turned);
  toy.train("whole");
  kill_before_first_checkpoint(toy, "cut", [&toy] { toy.train("cut"); });
  toy.forget_said();
  CHECK(toy.resume("cut").update == 30);
  CHECK_THAT(toy.said(), ContainsSubstring("it ended before its first checkpoint; starting again at update 0"));
  CHECK(measured(toy / "cut") == measured(toy / "whole"));
}

TEST_CASE("resume: what a killed save left is removed", "[run][resume]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  toy.folder().file("run/checkpoints/.15.partial/weights.safetensors", "half");
  toy.resume("run", {"train.updates=12"});
  CHECK_FALSE(fs::exists(toy / "run/checkpoints/.15.partial"));
}

TEST_CASE("train: what is not finite is told with the file and the line of its pairs", "[run][error]") {
  Toy toy(copied);
  toy.folder().file("more.source", "a b\n");
  toy.folder().file("more.target", "a b\n");
  const auto said = message_of<Error>([&] {
    toy.train(
        "run",
        {"train.optimizer.learning_rate=1e38", "train.not_finite=stop",
         fmt::format("data.train.source=[{}, {}]", (toy / "more.source").string(), (toy / "train.source").string()),
         fmt::format("data.train.target=[{}, {}]", (toy / "more.target").string(), (toy / "train.target").string())});
  });
  CHECK_THAT(said, ContainsSubstring(" is nan for " + toy.path().string()));
  CHECK_THAT(said, ContainsSubstring((toy / "train.source").string() + ":"));
}

}  // namespace seq2seq::test
