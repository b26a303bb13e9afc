#include "seq2seq/config/reader.h"

#include <cmath>
#include <limits>
#include <string>

#include "test/config/sample.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::config {

using test::HalveOptions;
using test::Reverse;
using test::Sample;
using Paths = std::vector<std::filesystem::path>;

TEST_CASE("reader: an empty file leaves every default", "[config][reader]") {
  const std::string text =
      GENERATE("", "\n\n", "# only a comment\n", "---\n", "{}", "train:\n", "train: {optimizer: }");
  CAPTURE(text);
  Sample sample;
  sample.read(text);
  REQUIRE(sample.seed == 1);
  REQUIRE(sample.train.epochs == 10);
  REQUIRE(sample.train.optimizer.learning_rate == 0.7);
  REQUIRE(sample.data.reverse == Reverse::source);
}

TEST_CASE("reader: every type of key takes its value", "[config][reader]") {
  Sample sample;
  sample.read(R"(
seed: 18446744073709551615
name: "two words: é"
data:
  references: [one, /two, ./sub/../three]
  metrics: [bleu, wer]
  shares: [2, .25, 1e-3]
  reverse: none
train:
  epochs: 20
  updates: +7
  limit: .inf
  optimizer: {learning_rate: 1e-3, beta1: .5, fused: false}
)");
  CHECK(sample.seed == std::numeric_limits<uint64_t>::max());
  CHECK(sample.name == "two words: é");
  CHECK(sample.data.references == Paths{"/configs/one", "/two", "/configs/three"});
  CHECK(sample.data.metrics == std::vector<std::string>{"bleu", "wer"});
  CHECK(sample.data.shares == std::vector<double>{2, 0.25, 0.001});
  CHECK(sample.data.reverse == Reverse::none);
  CHECK(sample.train.epochs == 20);
  CHECK(sample.train.updates == 7);
  CHECK(std::isinf(sample.train.limit));
  CHECK(sample.train.optimizer.learning_rate == 0.001);
  CHECK(sample.train.optimizer.beta1 == 0.5);
  CHECK_FALSE(sample.train.optimizer.fused);
}

TEST_CASE("reader: one value stands for a list of one", "[config][reader]") {
  Sample sample;
  sample.read("data: {metrics: bleu, references: r, shares: 3}");
  REQUIRE(sample.data.shares == std::vector<double>{3});
  REQUIRE(sample.data.metrics == std::vector<std::string>{"bleu"});
  REQUIRE(sample.data.references == Paths{"/configs/r"});
}

TEST_CASE("reader: null empties what may be empty", "[config][reader]") {
  Sample sample;
  sample.train.updates = 3;
  sample.read("train: {updates: null}");
  REQUIRE_FALSE(sample.train.updates.has_value());
}

TEST_CASE("reader: anchors and aliases stand for what they repeat", "[config][reader]") {
  Sample sample;
  sample.read("data: {metrics: &both [bleu, wer], references: *both}");
  REQUIRE(sample.data.references == Paths{"/configs/bleu", "/configs/wer"});
}

TEST_CASE("reader: paths start from the folder of the file, those of an override from the current folder",
          "[config][reader]") {
  const seq2seq::test::TemporaryFolder folder;
  const auto file = folder.file("configs/a.yaml", "data: {train: ../data/train.en, references: x}");
  Sample sample;
  read_file(file, {parse_override("data.references=y")}, sample.keys);
  REQUIRE(sample.data.train == folder / "data/train.en");
  REQUIRE(sample.data.references == Paths{std::filesystem::current_path() / "y"});
}

TEST_CASE("reader: an empty path stays empty", "[config][reader]") {
  Sample sample;
  sample.read("data: {references: \"\"}");
  REQUIRE(sample.data.references == Paths{""});
}

TEST_CASE("overrides: the last of them wins over the file", "[config][override]") {
  Sample sample;
  sample.read("train: {epochs: 3}\nname: file", {"train.epochs=4", "train.epochs=5", "name=", "name=a b #c"});
  REQUIRE(sample.train.epochs == 5);
  REQUIRE(sample.name == "a b #c");
}

TEST_CASE("overrides: take lists, quotes and sections that the file does not have", "[config][override]") {
  Sample sample;
  sample.read("train:\n",
              {"data.metrics=[bleu, \"wer\"]", "name=\" x \"", "train.optimizer.fused=false", "train.updates=null"});
  REQUIRE(sample.data.metrics == std::vector<std::string>{"bleu", "wer"});
  REQUIRE(sample.name == " x ");
  REQUIRE_FALSE(sample.train.optimizer.fused);
}

TEST_CASE("overrides: stand in for what is wrong in the file", "[config][override]") {
  Sample sample;
  sample.read("train: {epochs: many}", {"train.epochs=4"});
  REQUIRE(sample.train.epochs == 4);
}

TEST_CASE("choice: without a word the default kind has its options", "[config][choice]") {
  Sample sample;
  sample.train.schedule.kind = "constant";
  sample.read("");
  REQUIRE(sample.train.schedule.kind == "constant");
  REQUIRE(sample.train.schedule.options != nullptr);
}

TEST_CASE("choice: the kind's own keys are read in any order", "[config][choice]") {
  const std::string text =
      GENERATE("train: {schedule: {kind: halve, from_epoch: 7}}", "train: {schedule: {from_epoch: 7, kind: halve}}");
  Sample sample;
  sample.read(text);
  REQUIRE(sample.train.schedule.kind == "halve");
  REQUIRE(sample.schedule_options<HalveOptions>().from_epoch == 7);
  REQUIRE(sample.schedule_options<HalveOptions>().every_epochs == 0.5);
}

TEST_CASE("choice: overrides set kind and keys in any order", "[config][choice][override]") {
  const bool kind_first = GENERATE(true, false);
  std::vector<std::string> typed{"train.schedule.kind=halve", "train.schedule.from_epoch=5"};
  if (!kind_first) std::swap(typed[0], typed[1]);
  Sample sample;
  sample.read("train: {schedule: {kind: warmup}}", typed);
  REQUIRE(sample.schedule_options<HalveOptions>().from_epoch == 5);
}

TEST_CASE("choice: an override of the kind keeps the keys that both kinds have and leaves the others behind",
          "[config][choice][override]") {
  Sample sample;
  sample.read("train: {schedule: {kind: warmup, updates: 100, every_epochs: 3}}", {"train.schedule.kind=halve"});
  REQUIRE(sample.train.schedule.kind == "halve");
  REQUIRE(sample.schedule_options<HalveOptions>().every_epochs == 3);
}

TEST_CASE("choice: keys declared over a choice already made keep its options, and change no one else's",
          "[config][choice]") {
  Sample first;
  first.read("train: {schedule: {kind: halve, from_epoch: 7}}");
  Selection copy = first.train.schedule;
  Keys keys;
  keys.select("schedule", copy, first.kinds, "");
  read_text("schedule: {every_epochs: 9}", "a.yaml", "/", {}, keys);
  const auto& options = *copy.options.get<HalveOptions>();
  REQUIRE(options.from_epoch == 7);
  REQUIRE(options.every_epochs == 9);
  REQUIRE(first.schedule_options<HalveOptions>().every_epochs == 0.5);
}

}  // namespace seq2seq::config
