#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("loading: best, last and numbered checkpoints are found; others are refused by name", "[run][load]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=20"});
  CHECK(toy.load("run", "last").update == 20);
  CHECK(toy.load("run", "15").update == 15);
  CHECK(toy.load("run", "best").update % 10 == 0);  // only validated checkpoints can be the best
  CHECK_THAT(message_of<UsageError>([&] { toy.load("run", "7"); }),
             ContainsSubstring("no checkpoint of update 7; it has 5, 10, 15, 20"));
  CHECK_THAT(message_of<UsageError>([&] { toy.load("run", "newest"); }),
             ContainsSubstring("unknown checkpoint `newest`"));
}

TEST_CASE("loading: a best or last checkpoint that is missing is not replaced by another in silence",
          "[run][load][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=20"});
  const auto best = content_of(toy / "run/checkpoints/best");
  fs::remove_all(toy / "run/checkpoints" / best.substr(0, 2));
  CHECK_THAT(message_of<FormatError>([&] { toy.load("run", "best"); }),
             ContainsSubstring("checkpoints/best: refers to checkpoint " + best.substr(0, 2) + ", which is missing") &&
                 ContainsSubstring("name one of these instead of the run: ") && ContainsSubstring("checkpoints/N"));
  CHECK(toy.load("run", "15").update == 15);
  fs::remove_all(toy / "run/checkpoints/20");
  CHECK_THAT(message_of<FormatError>([&] { toy.load("run", "last"); }),
             ContainsSubstring("checkpoints/last: refers to checkpoint 20, which is missing"));
}

TEST_CASE("loading: without the file `best`, the last checkpoint does not stand for a better one",
          "[run][load][error]") {
  Toy toy(copied);
  // A rate of 5 after update 10 makes the later checkpoints worse.
  toy.train("run", {"train.updates=10"});
  toy.resume("run", {"train.updates=20", "train.optimizer.learning_rate=5"});
  REQUIRE(toy.load("run", "best").update == 10);
  fs::remove(toy / "run/checkpoints/best");
  CHECK_THAT(
      message_of<FormatError>([&] { toy.load("run", "best"); }),
      ContainsSubstring("checkpoints/best: is missing; the best checkpoint is 10. Write this number into the file, "
                        "or name the checkpoint instead of the run: ") &&
          ContainsSubstring("run/checkpoints/10"));
  CHECK(toy.load("run", "last").update == 20);
}

TEST_CASE("loading: only keys of the search and of the metrics can be set on a trained run", "[run][load][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  CHECK(toy.load("run", "last", {"decode.beam=7"}).options().decode.beam == 7);
  CHECK(toy.load("run", "last", {"metrics.lowercase=true"}).options().metrics.lowercase);
  CHECK_THAT(message_of<UsageError>([&] { toy.load("run", "last", {"model.encoder.cells=64"}); }),
             ContainsSubstring("--set model.encoder.cells=64"));
}

TEST_CASE("loading: a folder without a run, or without a checkpoint, is one line", "[run][load][error]") {
  Toy toy(copied);
  CHECK_THAT(message_of<Error>([&] { toy.load("nowhere"); }), ContainsSubstring("nowhere: no such folder"));
  toy.folder().file("other/notes.txt", "");
  CHECK_THAT(message_of<Error>([&] { toy.load("other"); }), ContainsSubstring("is not a run folder"));
  toy.train("run", {"train.updates=5"});
  fs::remove_all(toy / "run/checkpoints");
  CHECK_THAT(message_of<Error>([&] { toy.load("run"); }), ContainsSubstring("no checkpoint yet"));
}

TEST_CASE("loading: a vocabulary that is not the run's is refused", "[run][load][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto file = toy / "run/source.vocabulary";
  const auto text = content_of(file);

  SECTION("with fewer words: both sizes are told") {
    const auto last = text.rfind('\n', text.size() - 2);
    toy.folder().file("run/source.vocabulary", text.substr(0, last + 1));
    const auto refused = message_of<FormatError>([&] { toy.load("run"); });
    CHECK_THAT(refused, ContainsSubstring("source.vocabulary: has 5 words"));
    CHECK_THAT(refused, ContainsSubstring("trained with 6"));
  }
  SECTION("with as many, but other ones") {
    auto other = text;
    other[other.find("\na") + 1] = 'q';
    toy.folder().file("run/source.vocabulary", other);
    CHECK_THAT(message_of<FormatError>([&] { toy.load("run"); }),
               ContainsSubstring("not the vocabulary that this run was trained with"));
  }
}

TEST_CASE("loading: damaged weights are named", "[run][load][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto file = toy / "run/checkpoints/5/weights.safetensors";
  const auto bytes = content_of(file);
  const size_t kept = GENERATE(0, 4, 200);
  CAPTURE(kept);
  toy.folder().file("run/checkpoints/5/weights.safetensors", bytes.substr(0, kept));
  CHECK_THAT(message_of<FormatError>([&] { toy.load("run"); }), ContainsSubstring(file.string()));
}

}  // namespace seq2seq::test
