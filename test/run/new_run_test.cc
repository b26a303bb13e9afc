#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("new run: a folder that holds one is never written into", "[run][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto before = content_of(toy / "run/run.json");

  const auto refused = message_of<Error>([&] { toy.train("run"); });

  CHECK_THAT(refused, ContainsSubstring("already holds a run"));
  CHECK_THAT(refused, ContainsSubstring("--resume"));
  CHECK_THAT(message_of<UsageError>([&] { toy.train("run", {"train.update=9"}); }), ContainsSubstring("`updates`"));
  CHECK(content_of(toy / "run/run.json") == before);
}

TEST_CASE("new run: a folder with other files, or a file, is refused; an empty one is used", "[run][error]") {
  Toy toy(copied);
  toy.folder().file("other/notes.txt", "mine");
  CHECK_THAT(message_of<Error>([&] { toy.train("other"); }), ContainsSubstring("not empty (`notes.txt`)"));
  CHECK_THAT(message_of<Error>([&] { toy.train("toy.yaml"); }), ContainsSubstring("is a file"));
  CHECK_THAT(message_of<Error>([&] { toy.train("toy.yaml/run"); }), ContainsSubstring("toy.yaml/run"));

  fs::create_directory(toy / "empty");
  CHECK(toy.train("empty", {"train.updates=5"}).update == 5);
}

TEST_CASE("new run: what is wrong with configuration or data leaves no folder behind", "[run][error]") {
  Toy toy(copied);
  const auto [set, problem] =
      GENERATE(std::pair{"train.optimizer.learning_rat=1", "the nearest known one is `learning_rate`"},
               std::pair{"train.validate.metrics=[perplexity, blue]", "the nearest known one is `bleu`"},
               std::pair{"train.freeze=[encodr]", "encoder"}, std::pair{"data.train.target=toy.yaml", "toy.yaml"},
               std::pair{"data.validation.source=nowhere", "nowhere"});
  CAPTURE(set);
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {set}); }), ContainsSubstring(problem));
  CHECK_FALSE(fs::exists(toy / "run"));
}

TEST_CASE("new run: what the parts of the model refuse is told by the configuration, at its key", "[run][error]") {
  Toy toy(copied);
  const auto refused = [&](const std::vector<std::string>& set) {
    return message_of<UsageError>(
        [&] { run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries); });
  };
  CHECK_THAT(refused({"model.encoder.cells=13"}),
             ContainsSubstring("toy.yaml:8:1: `model.bridge`: layer 0 of the decoder starts from h of 12 cells"));
  CHECK_THAT(refused({"model.encoder.layers=3"}), ContainsSubstring("or `model.bridge.layers: top`"));
  CHECK_THAT(refused({"model.embedding.tied=true"}),
             ContainsSubstring("--set model.embedding.tied=true: `model.embedding.tied`: tied embeddings need"));
  CHECK_THAT(refused({"train.freeze=[encoder, decoder.embeding]"}),
             ContainsSubstring("`train.freeze`: names `decoder.embeding`, and the model has no such part; the nearest "
                               "is `decoder.embedding`"));
  CHECK_THAT(refused({"train.freeze=[encoder, decoder, output]"}), ContainsSubstring("leaves nothing to train"));
  run::read_configuration(toy / "toy.yaml", overrides({"model.encoder.layers=3", "model.bridge.layers=top"}),
                          *toy.environment.registries);
}

TEST_CASE("new run: early stopping or a plateau without a validation set is refused", "[run][error]") {
  Toy toy(copied);
  const std::string set = GENERATE("train.validate.patience=3", "train.schedule.kind=plateau");
  const auto refused = message_of<UsageError>([&] {
    toy.train("run", {set, "data.validation.source=\"\"", "data.validation.target=[]"});
  });
  CHECK_THAT(refused, ContainsSubstring("needs validations"));
}

TEST_CASE("new run: a full disk at any step leaves a whole run or none", "[run][error]") {
  Toy toy(copied);
  const int nth = GENERATE(range(1, 14));
  CAPTURE(nth);
  FailingFiles files(disk_files(), nth);
  toy.environment.files = &files;
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {"train.updates=5"}); }), ContainsSubstring("No space left"));
  toy.environment.files = &disk_files();

  if (fs::exists(toy / "run/run.json")) {
    CHECK(toy.resume("run").update == 5);
  } else {
    CHECK(toy.train("run", {"train.updates=5"}).update == 5);
  }
}

TEST_CASE("new run: the first messages tell what is trained on, how large the model is and what it will take",
          "[run]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=14"});
  CHECK_THAT(toy.said(), ContainsSubstring("training 100 pairs"));
  CHECK_THAT(toy.said(), ContainsSubstring("validation 20 pairs"));
  CHECK_THAT(toy.said(), ContainsSubstring("source 3 words"));
  CHECK_THAT(toy.said(), ContainsSubstring("14 updates of 16 pairs, 2 epochs of 7 updates"));
  // Embeddings 2 x 6 x 8; per stack 4 x 12 x (8 + 12 + 2) and 4 x 12 x (12 + 12 + 2); output 6 x (12 + 1).
  CHECK_THAT(toy.said(), ContainsSubstring("4,782 parameters"));
}

TEST_CASE("new run: a run in use is locked", "[run][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const RunLock lock{RunFolder(toy / "run")};
  CHECK_THAT(message_of<Error>([&] { toy.resume("run", {"train.updates=9"}); }),
             ContainsSubstring("is writing to this run"));
}

}  // namespace seq2seq::test
