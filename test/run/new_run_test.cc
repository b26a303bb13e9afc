#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the names of temporary files and folders below `folder`.
std::vector<std::string> leftovers_in(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.front() == '.' && !name.ends_with(".lock")) found.push_back(name);
  }
  return found;
}

bool only_a_lock_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1 && fs::exists(folder / "lock");
}

}  // namespace

TEST_CASE("new run: a folder that holds one is never written into", "[run][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=5"});
  const auto before = content_of(toy / "run/run.json");

  const auto refused = message_of<Error>([&] { toy.train("run"); });

  CHECK_THAT(refused, ContainsSubstring("already contains a run"));
  CHECK_THAT(refused, ContainsSubstring("--resume"));
  CHECK_THAT(message_of<UsageError>([&] { toy.train("run", {"train.update=9"}); }),
             ContainsSubstring("`train.updates`"));
  CHECK(content_of(toy / "run/run.json") == before);
}

TEST_CASE("new run: a folder with other files, or a file, is refused; an empty one is used", "[run][error]") {
  Toy toy(copied);
  toy.folder().file("other/notes.txt", "mine");
  CHECK_THAT(message_of<Error>([&] { toy.train("other"); }), ContainsSubstring("it contains `notes.txt`"));
  CHECK_THAT(message_of<Error>([&] { toy.train("toy.yaml"); }), ContainsSubstring("is a file"));
  CHECK_THAT(message_of<Error>([&] { toy.train("toy.yaml/run"); }), ContainsSubstring("toy.yaml/run"));

  fs::create_directory(toy / "empty");
  CHECK(toy.train("empty", {"train.updates=5"}).update == 5);
}

TEST_CASE("new run: what is wrong with configuration or data leaves no folder behind", "[run][error]") {
  Toy toy(copied);
  const auto [set, problem] =
      GENERATE(std::pair{"train.optimizer.learning_rat=1", "did you mean `train.optimizer.learning_rate`?"},
               std::pair{"train.validate.metrics=[perplexity, blue]", "did you mean `bleu`?"},
               std::pair{"train.freeze=[encodr]", "encoder"}, std::pair{"data.train.target=toy.yaml", "toy.yaml"},
               std::pair{"data.validation.source=nowhere", "nowhere"});
  CAPTURE(set);
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {set}); }), ContainsSubstring(problem));
  CHECK_FALSE(fs::exists(toy / "run"));
}

TEST_CASE("new run: text of which every pair is too long is told as such", "[run][error]") {
  Toy toy(copied);
  toy.folder().file("train.source", "a b\nb a\n");
  toy.folder().file("train.target", "a b\nb a\n");
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {"data.max_length=1"}); }),
             ContainsSubstring("train.source: all pairs were left out: 2 too long"));
}

TEST_CASE("new run: training text from a pipe is refused, without waiting for it", "[run][error]") {
  Toy toy(copied);
  REQUIRE(::mkfifo((toy / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {"data.train.source=" + (toy / "pipe").string()}); }),
             ContainsSubstring("pipe: is a pipe, but training text is read several times"));
  CHECK_THAT(message_of<Error>([&] { toy.train("run", {"data.train.weights=" + (toy / "pipe").string()}); }),
             ContainsSubstring("pipe: is a pipe, but training text is read several times"));
}

TEST_CASE("new run: what the parts of the model refuse is told by the configuration, at its key", "[run][error]") {
  Toy toy(copied);
  const auto refused = [&](const std::vector<std::string>& set) {
    return message_of<UsageError>(
        [&] { run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries); });
  };
  CHECK_THAT(refused({"model.encoder.cells=13"}),
             ContainsSubstring("toy.yaml:8:1: `model.bridge`: layer 1 of the decoder needs h of 12 cells"));
  CHECK_THAT(refused({"model.encoder.layers=3"}), ContainsSubstring("`model.bridge.layers: top`"));
  CHECK_THAT(refused({"model.embedding.tied=true"}),
             ContainsSubstring("--set model.embedding.tied=true: `model.embedding.tied`: tied embeddings need"));
  CHECK_THAT(
      refused({"model.embedding.shared=true"}),
      ContainsSubstring("--set model.embedding.shared=true: `model.embedding.shared`: shared word vectors need") &&
          ContainsSubstring("data.shared_vocabulary"));
  CHECK_THAT(refused({"train.freeze=[encoder, decoder.embeding]"}),
             ContainsSubstring("`train.freeze`: has `decoder.embeding`, which is not a part of the model; the nearest "
                               "is `decoder.embedding`"));
  CHECK_THAT(refused({"model.decoder.residual_from=4"}),
             ContainsSubstring("`model.decoder.residual_from`: is 4, but there are 2 layers"));
  CHECK_THAT(refused({"train.freeze=[encoder, decoder, output]"}), ContainsSubstring("leaves nothing to train"));
  CHECK_THAT(refused({"train.lr=1"}), ContainsSubstring("it is `train.optimizer.learning_rate` here"));
  CHECK_THAT(refused({"train.mini-batch=64"}), ContainsSubstring("it is `train.batch.sentences` here"));
  CHECK_THAT(refused({"model.share_embeddings=true"}), ContainsSubstring("it is `model.embedding.shared` here"));
  CHECK_THAT(refused({"model.attention.coverage=true"}),
             ContainsSubstring("`model.attention.coverage`: coverage needs attention"));
  CHECK_THAT(refused({"model.attention.kind=dot", "model.attention.coverage=true"}),
             ContainsSubstring("`model.attention`: attention `dot` does not support coverage"));
  for (const auto* kind : {"none", "multi_head"}) {
    const auto attention = std::string("model.attention.kind=") + kind;
    CHECK_THAT(refused({attention, "train.coverage_loss=1"}),
               ContainsSubstring("`train.coverage_loss`: needs attention with differentiable weights"));
    CHECK_THAT(refused({attention, "data.shared_vocabulary=true", "model.output.kind=copy"}),
               ContainsSubstring("`model.output`: `copy` needs attention with differentiable weights"));
  }
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

TEST_CASE("new run: a full disk at any step leaves a whole run or none, and names what could not be written",
          "[run][error]") {
  Toy toy(copied);
  FailingFiles counting(disk_files());
  toy.environment.files = &counting;
  toy.train("counted", {"train.updates=5"});
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    fs::remove_all(toy / "run");
    FailingFiles files(disk_files(), nth);
    toy.environment.files = &files;
    const auto failed = message_of<Error>([&] { toy.train("run", {"train.updates=5"}); });
    CHECK_THAT(failed, ContainsSubstring("No space left"));
    CHECK(failed.rfind((toy / "run").string(), 0) == 0);
    CHECK_THAT(failed, !ContainsSubstring("partial"));
    toy.environment.files = &disk_files();

    CHECK(leftovers_in(toy.path()).empty());
    if (fs::exists(toy / "run/run.json")) {
      CHECK(toy.resume("run").update == 5);
    } else {
      CHECK((!fs::exists(toy / "run") || fs::is_empty(toy / "run") || only_a_lock_in(toy / "run")));
      CHECK(toy.train("run", {"train.updates=5"}).update == 5);
    }
    CHECK(parameters_of(toy / "run", 5) == parameters_of(toy / "counted", 5));
  }
}

TEST_CASE("new run: a folder that cannot be written is found before the text is read", "[run][error]") {
  Toy toy(copied);
  const auto failed = message_of<Error>([&] { toy.train("toy.yaml/run", {"data.train.source=nowhere"}); });
  CHECK(failed.rfind((toy / "toy.yaml").string() + ": is a file; expected a folder", 0) == 0);
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
             ContainsSubstring("is using this run"));
}

}  // namespace seq2seq::test
