#include "seq2seq/config/resolved.h"

#include <filesystem>
#include <string>
#include <vector>

#include "test/config/sample.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::config {

using seq2seq::test::ContainsSubstring;
using test::Sample;

namespace {

const std::string awkward = R"(
seed: 7
name: "null #1: \"x\""
data: {references: [a b, "c,d"], metrics: [bleu], shares: [3, 1e-12, 0.1], reverse: target}
train:
  limit: .inf
  updates: 12
  optimizer: {learning_rate: 0.1, beta1: 1e-12}
  schedule: {kind: halve, from_epoch: 0.30000000000000004}
)";

}  // namespace

TEST_CASE("resolved: is block YAML, section by section, in the order of declaration", "[config][resolved]") {
  Sample sample;
  sample.read("train: {schedule: {kind: halve}}", {"data.train=/t", "data.references=[/r, \"/a b\"]"});
  REQUIRE(write_yaml(sample.keys) ==
          "seed: 1\n"
          "name: run\n"
          "data:\n"
          "  train: /t\n"
          "  references: [/r, \"/a b\"]\n"
          "  words: \"\"\n"
          "  metrics: [perplexity]\n"
          "  shares: [1, 0.5]\n"
          "  reverse: source\n"
          "train:\n"
          "  epochs: 10\n"
          "  updates: null\n"
          "  limit: 5\n"
          "  optimizer:\n"
          "    learning_rate: 0.7\n"
          "    beta1: 0.9\n"
          "    fused: true\n"
          "  schedule:\n"
          "    kind: halve\n"
          "    from_epoch: 5\n"
          "    every_epochs: 0.5\n");
}

TEST_CASE("resolved: reads back to the same values, from any folder", "[config][resolved]") {
  const std::string text = GENERATE(std::string(), awkward);
  Sample first;
  first.read(text);
  const std::string written = write_yaml(first.keys);
  Sample second;
  read_text(written, "config.yaml", "/elsewhere", {}, second.keys);
  REQUIRE(write_yaml(second.keys) == written);
  REQUIRE(compare(first.keys, second.keys).empty());
  REQUIRE(second.name == first.name);
  REQUIRE(second.data.references == first.data.references);
  REQUIRE(second.train.updates == first.train.updates);
  REQUIRE(second.train.optimizer.beta1 == first.train.optimizer.beta1);
}

TEST_CASE("digest: holds what is not at its default, so that a further key moves no digest", "[config][digest]") {
  Sample sample;
  sample.read("{name: other, train: {limit: 6, schedule: {kind: warmup, updates: 7}}}");
  REQUIRE(digest_text(sample.keys) == "train.limit=6\ntrain.schedule.kind=warmup\ntrain.schedule.updates=7\n");
  REQUIRE(digest_text(sample.keys, [](const std::string& key) { return key != "train.limit"; }) ==
          "train.schedule.kind=warmup\ntrain.schedule.updates=7\n");
  Sample untouched;
  untouched.read("train: {limit: 5.0}");
  REQUIRE(digest_text(untouched.keys).empty());
}

TEST_CASE("result text: holds what can change a result, sorted, and no path", "[config][digest]") {
  Sample sample;
  sample.read("train: {schedule: {kind: halve}}");
  REQUIRE(result_text(sample.keys) ==
          "data.metrics=[perplexity]\n"
          "data.reverse=source\n"
          "data.shares=[1, 0.5]\n"
          "data.words=\n"
          "seed=1\n"
          "train.epochs=10\n"
          "train.limit=5\n"
          "train.optimizer.beta1=0.9\n"
          "train.optimizer.fused=true\n"
          "train.optimizer.learning_rate=0.7\n"
          "train.schedule.every_epochs=0.5\n"
          "train.schedule.from_epoch=5\n"
          "train.schedule.kind=halve\n"
          "train.updates=null\n");
}

TEST_CASE("digest: holds the version of each kind that is chosen, from 2 on", "[config][digest]") {
  const auto lines = [](int version, const std::string& text) {
    Sample sample(test::schedules(version));
    sample.read(text);
    return digest_text(sample.keys);
  };
  const std::string halve = "train: {schedule: {kind: halve}}";
  CHECK(lines(1, halve) == "train.schedule.kind=halve\n");
  CHECK(lines(2, halve) == "train.schedule.kind.version=2\ntrain.schedule.kind=halve\n");
  CHECK(lines(3, "") == "train.schedule.kind.version=3\n");  // also of a kind that is the default
  CHECK(lines(3, "train: {schedule: {kind: warmup}}") == "train.schedule.kind=warmup\n");  // not chosen: no matter

  Sample sample(test::schedules(2));
  sample.read("");
  CHECK_THAT(result_text(sample.keys),
             ContainsSubstring("train.schedule.kind.version=2\ntrain.schedule.kind=constant\n"));
  CHECK(digest_text(sample.keys, [](const std::string& key) { return key.rfind("train.", 0) != 0; }).empty());
}

TEST_CASE("digest: is moved by a value, not by how or where it was written", "[config][digest]") {
  const auto digest = [](const std::string& text) {
    Sample sample;
    sample.read(text);
    return digest_text(sample.keys);
  };
  CHECK(digest("train: {limit: 1e1}") == digest("name: other\ntrain:\n  limit: 10.0 # ten\n"));
  CHECK(digest("train: {limit: 10}") != digest("train: {limit: 11}"));
  CHECK(digest("data: {references: a}") == digest("data: {references: b}"));
}

TEST_CASE("digest: of a file that a part reads, the content counts", "[config][digest]") {
  const seq2seq::test::TemporaryFolder folder;
  const auto digest = [](const std::filesystem::path& file) {
    Sample sample;
    sample.read("data: {words: '" + file.string() + "'}");
    return digest_text(sample.keys);
  };
  const auto before = digest(folder.file("words", "a\n"));
  CHECK(digest(folder.file("elsewhere", "a\n")) == before);
  CHECK(digest(folder.file("words", "b\n")) != before);
  CHECK_THROWS_WITH(digest(folder / "missing"), ContainsSubstring("missing: cannot be read"));
}

TEST_CASE("compare: tells what differs, side by side, and whether it may", "[config][resolved]") {
  Sample before;
  before.read("train: {schedule: {kind: halve, from_epoch: 3}}");
  Sample after;
  after.read("seed: 2\nname: other\ntrain: {epochs: 20, schedule: {kind: warmup}}");
  std::vector<std::string> told;
  for (const auto& change : compare(before.keys, after.keys)) {
    told.push_back(change.key + ": " + change.before + " -> " + change.after +
                   (change.on_resume == OnResume::fixed ? "" : " (may)"));
  }
  REQUIRE(told == std::vector<std::string>{
                      "seed: 1 -> 2", "name: run -> other (may)", "train.epochs: 10 -> 20 (may)",
                      "train.schedule.kind: halve -> warmup", "train.schedule.from_epoch: 3 -> (absent)",
                      "train.schedule.updates: (absent) -> 4000", "train.schedule.every_epochs: 0.5 -> 2"});
}

TEST_CASE("compare: a path may change on resume", "[config][resolved]") {
  Sample before;
  before.read("");
  Sample after;
  after.read("", {"data.train=/moved"});
  const auto changes = compare(before.keys, after.keys);
  REQUIRE(changes.size() == 1);
  REQUIRE(changes[0].key == "data.train");
  REQUIRE(changes[0].on_resume == OnResume::may_change);
}

}  // namespace seq2seq::config
