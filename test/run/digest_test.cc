#include "seq2seq/run/digest.h"

#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

std::string digest_with(const Toy& toy, const std::vector<std::string>& set) {
  const auto configuration = run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries);
  return run::run_digest(*configuration, run::data_digests(configuration->options.data));
}

}  // namespace

TEST_CASE("digest: follows what can change a result and nothing else", "[run][digest]") {
  const Toy toy(copied);
  const auto digest = digest_with(toy, {});
  CHECK(digest.size() == 64);

  const std::string same =
      GENERATE("train.checkpoint.every_updates=7", "train.checkpoint.keep=1", "decode.batch=3", "train.minutes=5",
               "seed=1", "decode.empty_source=empty", "decode.empty_source=translate");
  CHECK(digest_with(toy, {same}) == digest);
  const std::string other = GENERATE("seed=2", "train.updates=31", "model.embedding.size=13", "data.reverse=source",
                                     "train.optimizer.beta1=0.8", "decode.beam=3");
  CHECK(digest_with(toy, {other}) != digest);
}

TEST_CASE("digest: follows the content of the data, not where it lies", "[run][digest]") {
  const Toy toy(copied);
  const auto digest = digest_with(toy, {});
  const auto [key, file] =
      GENERATE(std::pair{"data.train.source", "train.source"}, std::pair{"data.validation.source", "held.source"},
               std::pair{"data.test.target", "held.target"});
  CAPTURE(key);
  const auto moved = toy.folder().file("elsewhere/moved", content_of(toy / file));
  CHECK(digest_with(toy, {std::string(key) + "=" + moved.string()}) == digest);
  toy.folder().file("elsewhere/moved", content_of(toy / file) + "a\n");
  CHECK(digest_with(toy, {std::string(key) + "=" + moved.string()}) != digest);
}

TEST_CASE("digest: follows the content of a vocabulary and of a tokenizer's model", "[run][digest]") {
  const Toy toy(copied);
  const std::string key = GENERATE("data.source.vocabulary.file", "data.target.tokenizer.model");
  CAPTURE(key);
  const auto digest = [&](const std::string& name, const std::string& content) {
    const auto file = toy.folder().file(name, content);
    return digest_with(toy, {"data.target.tokenizer.kind=sentencepiece", key + "=" + file.string()});
  };
  const auto before = digest("file", "a");
  CHECK(digest("moved", "a") == before);
  CHECK(digest("file", "b") != before);
}

}  // namespace seq2seq::test
