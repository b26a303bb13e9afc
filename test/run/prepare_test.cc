#include "seq2seq/run/prepare.h"

#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

data::PrepareKeys prepare_keys(const Toy& toy, const std::vector<std::string>& set) {
  auto all = set;
  all.push_back("data.prepared=" + (toy / "prepared").string());
  const auto configuration = run::read_configuration(toy / "toy.yaml", overrides(all), *toy.environment.registries);
  return run::prepare_job(*configuration, toy.environment).keys;
}

}  // namespace

TEST_CASE("prepare: another model of the tokenizer is another text, another vocabulary is not", "[run][prepare]") {
  const Toy toy(copied);
  const auto [key, of_text] = GENERATE(
      table<std::string, bool>({{"data.source.tokenizer.model", true}, {"data.source.vocabulary.file", false}}));
  CAPTURE(key);
  const auto keys_with = [&](const std::string& content) {
    const auto file = toy.folder().file("given", content);
    return prepare_keys(toy, {"data.source.tokenizer.kind=sentencepiece", key + "=" + file.string()});
  };
  const auto before = keys_with("a");
  const auto after = keys_with("b");
  CHECK((before.text != after.text) == of_text);
  CHECK((before.vocabulary != after.vocabulary) == !of_text);
}

TEST_CASE("prepare: what acts when a batch is made asks for nothing anew", "[run][prepare]") {
  const Toy toy(copied);
  const auto before = prepare_keys(toy, {});
  const std::string key = GENERATE("data.reverse=both", "data.source.end=none", "train.batch.sentences=3", "seed=2");
  CAPTURE(key);
  const auto after = prepare_keys(toy, {key});
  CHECK(before.text == after.text);
  CHECK(before.vocabulary == after.vocabulary);
}

}  // namespace seq2seq::test
