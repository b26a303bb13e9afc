// Resumes that are refused, and runs that lost files.
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("resume: changes that would make another run are refused, all at once, old and new", "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});

  const auto refused = message_of<UsageError>([&] {
    toy.resume("run", {"seed=7", "model.dropout.layers=0.5", "train.updates=20"});
  });

  CHECK_THAT(refused, ContainsSubstring("--set seed=7: `seed` may not change on resume: 1 in the run, 7 now"));
  CHECK_THAT(refused, ContainsSubstring("`model.dropout.layers` may not change on resume: 0.2 in the run, 0.5 now"));
  CHECK_THAT(refused, !ContainsSubstring("train.updates"));
  CHECK_THAT(content_of(toy / "run/config.yaml"), ContainsSubstring("updates: 10"));
}

TEST_CASE("resume: a kind that may not change is refused together with its keys", "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  const auto refused = message_of<UsageError>([&] { toy.resume("run", {"train.optimizer.kind=sgd"}); });
  CHECK_THAT(refused, ContainsSubstring("`train.optimizer.kind` may not change on resume: adam in the run, sgd now"));
}

TEST_CASE("resume: data may move but not change", "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  fs::rename(toy / "train.source", toy / "moved.source");

  SECTION("a path to the same text is taken") {
    const auto outcome =
        toy.resume("run", {"data.train.source=" + (toy / "moved.source").string(), "train.updates=15"});
    CHECK(outcome.update == 15);
  }
  SECTION("another text is refused") {
    toy.folder().file("train.source", content_of(toy / "moved.source") + "a\n");
    CHECK_THAT(message_of<UsageError>([&] { toy.resume("run", {"train.updates=15"}); }),
               ContainsSubstring("`data.train` has changed since this run started"));
  }
  SECTION("a missing file is named") {
    CHECK_THAT(message_of<Error>([&] { toy.resume("run", {"train.updates=15"}); }), ContainsSubstring("train.source"));
  }
}

TEST_CASE("resume: a key that may not change is told as such, not what it would ask of other keys",
          "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  const auto refused = message_of<UsageError>([&] { toy.resume("run", {"model.encoder.cells=64"}); });
  CHECK_THAT(refused, ContainsSubstring("`model.encoder.cells` may not change on resume: 12 in the run, 64 now"));
  CHECK_THAT(refused, !ContainsSubstring("bridge"));
  // Rules also apply to keys that may change.
  CHECK_THAT(message_of<UsageError>([&] { toy.resume("run", {"train.epochs=3"}); }), ContainsSubstring("both given"));
}

TEST_CASE("resume: a run that lost its checkpoints is an error, and its metrics stay", "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=20"});
  const auto metrics = content_of(toy / "run/metrics.jsonl");
  const auto checkpoints = toy / "run/checkpoints";
  std::string says;
  SECTION("the folder of all") {
    fs::remove_all(checkpoints);
    says = "checkpoints: is missing, with all checkpoints of the run";
  }
  SECTION("all that is in it") {
    fs::remove_all(checkpoints);
    fs::create_directory(checkpoints);
    says = "checkpoints: has no checkpoint, although the run has written some";
  }
  SECTION("the numbered ones") {
    for (const auto* update : {"5", "10", "15", "20"}) fs::remove_all(checkpoints / update);
    says = "checkpoints/last: refers to checkpoint 20, which is missing; the run has no other";
  }
  SECTION("the newest") {
    fs::remove_all(checkpoints / "20");
    says =
        "checkpoints/last: refers to checkpoint 20, which is missing; the run has 5, 10, 15. Restore it from a copy, "
        "or "
        "continue from an older one with `seq2seq train --resume " +
        (toy / "run").string() + " --checkpoint N`";
  }
  CHECK_THAT(message_of<Error>([&] { toy.resume("run", {"train.updates=25"}); }), ContainsSubstring(says));
  CHECK(content_of(toy / "run/metrics.jsonl") == metrics);
}

TEST_CASE("resume: a run without validations that lost its checkpoints after a resume is an error, too",
          "[run][resume][error]") {
  Toy toy(copied);
  const std::vector<std::string> none{"data.validation.source=\"\"", "data.validation.target=[]"};
  auto set = none;
  set.emplace_back("train.updates=5");
  toy.train("run", set);
  toy.resume("run", {"train.updates=10"});
  fs::remove_all(toy / "run/checkpoints");
  fs::create_directory(toy / "run/checkpoints");
  CHECK_THAT(message_of<Error>([&] { toy.resume("run", {"train.updates=15"}); }),
             ContainsSubstring("has no checkpoint, although the run has written some"));
}

TEST_CASE("resume: a checkpoint that is not there is refused by listing those that are", "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=20"});
  const auto metrics = content_of(toy / "run/metrics.jsonl");
  CHECK_THAT(message_of<UsageError>([&] { toy.resume("run", {}, "7"); }),
             ContainsSubstring("has no checkpoint of update 7; it has 5, 10, 15, 20"));
  CHECK(content_of(toy / "run/metrics.jsonl") == metrics);
}

TEST_CASE("resume: a damaged last checkpoint is named and the one before it is used", "[run][resume][error]") {
  Toy toy(turned);
  toy.train("whole");
  toy.train("damaged");
  const auto weights = toy / "damaged/checkpoints/30/weights.safetensors";
  auto bytes = content_of(weights);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  toy.folder().file("damaged/checkpoints/30/weights.safetensors", bytes);
  toy.forget_said();

  toy.resume("damaged");

  CHECK_THAT(toy.said(), ContainsSubstring(weights.string()));
  CHECK_THAT(toy.said(), ContainsSubstring("at update 25"));
  CHECK((parameters_of(toy / "damaged", 30) == parameters_of(toy / "whole", 30)));
}

namespace {

/// Changes a key in the configuration file of a run of ten updates.
void edit_configuration(const Toy& toy, const std::string& run) {
  auto text = content_of(toy / run / "config.yaml");
  const std::string before = "updates: 10\n", now = "updates: 11\n";
  REQUIRE(text.find(before) != std::string::npos);
  toy.folder().file(run + "/config.yaml", text.replace(text.find(before), before.size(), now));
}

/// Removes the digests of the configuration from a run's description, as in runs of older programs.
void forget_configuration(const Toy& toy, const std::string& run) {
  auto description = run::read_description(disk_files(), RunFolder(toy / run));
  description.configurations.clear();
  run::write_description(disk_files(), RunFolder(toy / run), description);
}

}  // namespace

TEST_CASE("run: load, resume and init-from refuse an edited configuration with the same advice",
          "[run][resume][load][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  const auto intact = content_of(toy / "run/config.yaml");
  edit_configuration(toy, "run");
  const auto says = [&toy](const std::string& message) {
    CHECK_THAT(message, Catch::StartsWith((toy / "run/config.yaml").string() + ": was changed after `train` wrote it"));
    CHECK_THAT(message, ContainsSubstring("Undo the change and use `--set` for keys that may change"));
    CHECK_THAT(message, ContainsSubstring("`seq2seq train " + (toy / "run/config.yaml").string() + " --run FOLDER`"));
    CHECK(message.find('\n') == std::string::npos);
  };
  says(message_of<FormatError>([&] { toy.load("run"); }));
  says(message_of<FormatError>([&] { toy.resume("run", {"train.updates=20"}); }));
  says(message_of<FormatError>([&] { toy.train_from("other", "run"); }));
  CHECK_FALSE(fs::exists(toy / "other/run.json"));

  toy.folder().file("run/config.yaml", intact);
  CHECK(toy.load("run").update == 10);
  CHECK(toy.resume("run", {"train.updates=20"}).update == 20);
  CHECK(toy.load("run").update == 20);  // the resume has written another configuration
}

TEST_CASE("run: an edited configuration of a run without its digest gives a warning", "[run][resume][load]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  forget_configuration(toy, "run");
  edit_configuration(toy, "run");
  toy.forget_said();
  CHECK(toy.load("run").update == 10);
  CHECK(toy.resume("run", {"train.updates=20"}).update == 20);
  CHECK_THAT(toy.said(),
             ContainsSubstring("not the computation that the run started with: its config.yaml was edited"));
}

TEST_CASE("run: a reader that has read run.json just before a resume replaces the configuration opens the run",
          "[run][resume][load]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  const RunFolder folder(toy / "run");
  const auto before = run::read_description(disk_files(), folder);
  toy.resume("run", {"train.updates=15"});
  CHECK_NOTHROW(run::check_configuration(disk_files(), folder, before));
}

TEST_CASE("resume: killed at any operation, it leaves a configuration with which the run opens",
          "[run][resume][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=10"});
  if (GENERATE(false, true)) forget_configuration(toy, "run");
  const int killed_at = GENERATE(range(1, 16));
  CAPTURE(killed_at);
  FailingFiles files(disk_files(), killed_at, FailingFiles::Mode::from_then_on);
  toy.environment.files = &files;
  REQUIRE_THROWS_AS(toy.resume("run", {"train.updates=15"}), Error);
  toy.environment.files = &disk_files();
  CHECK(toy.load("run").update == 10);
  toy.forget_said();
  CHECK(toy.resume("run", {"train.updates=15"}).update == 15);
  CHECK(toy.said().find("not the computation") == std::string::npos);
  CHECK(run::read_description(disk_files(), RunFolder(toy / "run")).configurations.size() == 1);
}

}  // namespace seq2seq::test
