#include "seq2seq/run/prepare.h"

#include "seq2seq/core/error.h"
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

TEST_CASE("prepare: `data` alone is enough, and gives what the whole configuration gives", "[run][prepare]") {
  const Toy toy(copied);
  const auto alone = toy.folder().file(
      "data.yaml", "data:\n  train: {source: train.source, target: train.target}\n  prepared: alone\n");
  const auto whole = "data.prepared=" + (toy / "whole").string();
  run::prepare(alone, {}, toy.environment);
  run::prepare(toy / "toy.yaml", overrides({whole}), toy.environment);
  for (const auto* file : {"source.tokens", "target.tokens", "source.vocabulary", "target.vocabulary"}) {
    CAPTURE(file);
    CHECK(content_of(toy / "alone" / file) == content_of(toy / "whole" / file));
  }

  const auto fault = [&](const std::string& text) {
    const auto file = toy.folder().file("wrong.yaml", text);
    return message_of<UsageError>([&] { run::prepare(file, {}, toy.environment); });
  };
  CHECK_THAT(fault("data: {prepared: p}\n"), ContainsSubstring("data.train"));
  CHECK_THAT(fault(content_of(alone) + "train: {epoch: 3}\n"), ContainsSubstring("unknown key `train.epoch`"));
  CHECK_THAT(fault(content_of(alone) + "train: {epochs: -3}\n"), ContainsSubstring("`train.epochs`: expected"));
}

}  // namespace seq2seq::test
