#include "seq2seq/data/options.h"

#include <string>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/bucket.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kTokenizers = text::builtin_tokenizers();

DataOptions read_data(const std::string& yaml) {
  DataOptions options;
  config::Keys keys;
  declare(keys, options, kTokenizers);
  config::read_text(yaml, "data.yaml", "/folder", {}, keys);
  return options;
}

BatchOptions read_batch(const std::string& yaml) {
  BatchOptions options;
  config::Keys keys;
  declare(keys, options);
  config::read_text(yaml, "batch.yaml", "/folder", {}, keys);
  return options;
}

const std::string kTrain = "train: {source: a, target: b}\n";

}  // namespace

TEST_CASE("data options: every key is read", "[data][options]") {
  const auto options = read_data(R"(
train: {source: train.en, target: train.fr}
test: {source: test.en, target: [test.fr, /other/test.fr]}
source: {tokenizer: {kind: character}, vocabulary: {size: 100, minimum_count: 2}, end: reversed}
target: {vocabulary: {size: 50}}
reverse: both
max_length: 30
invalid_utf8: drop
)");

  CHECK(options.train.source == std::vector<std::filesystem::path>{"/folder/train.en"});
  CHECK(options.train.target == std::vector<std::filesystem::path>{"/folder/train.fr"});
  CHECK(options.test.target == std::vector<std::filesystem::path>{"/folder/test.fr", "/other/test.fr"});
  CHECK(options.validation.source.empty());
  CHECK(options.source.tokenizer.kind == "character");
  CHECK(options.target.tokenizer.kind == "whitespace");
  CHECK(options.source.vocabulary.size == 100);
  CHECK(options.source.vocabulary.minimum_count == 2);
  CHECK(options.target.vocabulary.size == 50);
  CHECK(options.source_end == SourceEnd::reversed);
  CHECK(options.reverse == Reverse::both);
  CHECK(options.clean.max_length == 30);
  CHECK(options.invalid_utf8 == InvalidUtf8::drop);
}

TEST_CASE("data options: training files must be named", "[data][options][error]") {
  REQUIRE_THROWS_WITH(read_data("reverse: none\n"), ContainsSubstring("train.source") && ContainsSubstring("`pairs`"));
}

TEST_CASE("data options: files of one side want as many of the other", "[data][options][error]") {
  REQUIRE_THROWS_WITH(read_data("train: {source: [a, b], target: c}\n"),
                      ContainsSubstring("has 1 file, but `source` has 2"));
  REQUIRE_THROWS_WITH(read_data("train: {source: a}\n"), ContainsSubstring("is missing"));
  REQUIRE_NOTHROW(read_data("train: {pairs: [a, b]}\n"));
}

TEST_CASE("data options: a vocabulary that is there leaves nothing to count", "[data][options][error]") {
  REQUIRE_THROWS_WITH(read_data(kTrain + "source: {vocabulary: {file: words, size: 5}}\n"),
                      ContainsSubstring("data.yaml:2:") && ContainsSubstring("`size`"));
}

TEST_CASE("data options: a source without a target is refused, and the other way round", "[data][options][error]") {
  REQUIRE_THROWS_AS(read_data(kTrain + "test: {source: c}\n"), UsageError);
  REQUIRE_THROWS_AS(read_data(kTrain + "validation: {target: c}\n"), UsageError);
}

TEST_CASE("data options: an end symbol turned with the words needs words that are turned", "[data][options][error]") {
  REQUIRE_THROWS_WITH(read_data(kTrain + "source: {end: reversed}\nreverse: target\n"),
                      ContainsSubstring("data.yaml:2:"));
  REQUIRE_NOTHROW(read_data(kTrain + "source: {end: reversed}\nreverse: source\n"));
}

TEST_CASE("batch options: exactly one limit is asked for", "[data][options][error]") {
  CHECK(read_batch("sentences: 128\n").sentences == 128);
  CHECK(read_batch("tokens: 4000\n").tokens == 4000);
  REQUIRE_THROWS_AS(read_batch("pool: 3\n"), UsageError);
  REQUIRE_THROWS_AS(read_batch("{sentences: 1, tokens: 1}\n"), UsageError);
}

TEST_CASE("data options: what is said of each corpus is read", "[data][options]") {
  const auto options = read_data(R"(
train:
  source: [a, b]
  target: [x, y]
  pairs: p
  repeat: [1, 2.5, 0]
  tags: ["<a>", "", "<p>"]
  weights: ["", w, /v]
)");

  CHECK(options.train.corpora() == 3);
  CHECK(options.train.repeat == std::vector<double>{1, 2.5, 0});
  CHECK(options.train.tags == std::vector<std::string>{"<a>", "", "<p>"});
  CHECK(options.train.weights == std::vector<std::filesystem::path>{"", "/folder/w", "/v"});
}

TEST_CASE("data options: what is said of each corpus is said of all, and makes sense", "[data][options][error]") {
  const auto [line, message] = GENERATE(table<std::string, std::string>({
      {"repeat: [1, 2, 3]", "needs 2 values, one for each corpus (a pair of files, or a file of pairs), and has 3"},
      {"tags: t", "and has 1"},
      {"weights: [u, v, w]", "needs 2 values, one for each corpus (a pair of files, or a file of pairs), and has 3"},
      {"repeat: [1, -1]", "expected a number of at least 0"},
      {"repeat: [0, 0]", "leaves nothing to train on"},
      {"tags: [a, b c]", "`b c` is not a token: it contains whitespace"},
      {"tags: [a, </s>]", "`</s>` is a special symbol"},
  }));
  CAPTURE(line);
  REQUIRE_THROWS_WITH(read_data("train:\n  source: a\n  target: b\n  pairs: p\n  " + line + "\n"),
                      ContainsSubstring("data.yaml:5:") && ContainsSubstring(message));
}
