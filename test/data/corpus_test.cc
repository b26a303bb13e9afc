#include "seq2seq/data/corpus.h"

#include <random>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Ids = std::vector<int64_t>;

FilePair files_of(const TemporaryFolder& folder, const std::string& source, const std::string& target) {
  return {folder.file("source", source), {folder.file("target", target)}};
}

}  // namespace

TEST_CASE("token store: gives back the sentences it was given", "[data][corpus][property]") {
  const auto seed = GENERATE(range(1u, 6u));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto sentences = random_sentences(random, random_lengths(random));
  TokenStore store;
  for (const auto& sentence : sentences) store.add(sentence);

  REQUIRE(store.size() == std::ssize(sentences));
  for (int64_t i = 0; i < store.size(); ++i) {
    REQUIRE(store[i] == sentences[static_cast<std::size_t>(i)]);
    REQUIRE(store.length(i) == std::ssize(store[i]));
  }
}

TEST_CASE("token store: an id that does not fit is refused", "[data][corpus][error]") {
  TokenStore store;
  REQUIRE_THROWS_AS(store.add({int64_t{1} << 31}), Error);
  REQUIRE_THROWS_AS(store.add({-1}), Error);
}

TEST_CASE("corpus: holds the ids of both sides, not reversed and without end symbols", "[data][corpus]") {
  const TemporaryFolder folder;
  const auto corpus = read_corpus(files_of(folder, "w3 w4\nw5 what\n", "w6\nw7 w8\n"), numbered_pipeline({}), true);

  REQUIRE(corpus.pairs() == 2);
  REQUIRE(corpus.source[0] == Ids{3, 4});
  REQUIRE(corpus.source[1] == Ids{5, text::unknown_id});
  REQUIRE(corpus.target[1] == Ids{7, 8});
}

TEST_CASE("corpus: leaves out what cannot be trained on, counts it, and renumbers no other pair", "[data][corpus]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.max_length = 2;
  options.invalid_utf8 = InvalidUtf8::drop;
  const auto files =
      files_of(folder, "w3\nw3 w3 w3\nw3\nw3\nw\xFF\nw3\nw3\n", "w3\nw3\nw3 w3 w3\n\nw3\nw\xFF\nw3 w3\n");
  const auto corpus = read_corpus(files, numbered_pipeline(options), true);

  REQUIRE(corpus.numbers == Ids{0, 6});
  REQUIRE(corpus.too_long == 2);
  REQUIRE(corpus.empty_target == 1);
  REQUIRE(corpus.invalid == 2);
}

TEST_CASE("corpus: long pairs and empty sources are kept where nothing is trained", "[data][corpus]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.max_length = 1;
  const auto corpus = read_corpus(files_of(folder, "w3 w3\n\n", "w3 w3\nw3\n"), numbered_pipeline(options), false);

  REQUIRE(corpus.pairs() == 2);
  REQUIRE(corpus.source[1].empty());
}

TEST_CASE("corpus: a line of 100,000 tokens is left out of training and counted", "[data][corpus]") {
  const TemporaryFolder folder;
  std::string line;
  for (int i = 0; i < 100'000; ++i) line += "w3 ";
  const auto files = files_of(folder, line + "\nw3\n", "w3\nw3\n");

  REQUIRE(read_corpus(files, numbered_pipeline({}), true).too_long == 1);
  REQUIRE(read_corpus(files, numbered_pipeline({}), false).source.length(0) == 100'000);
}

TEST_CASE("corpus: of several targets the first is read", "[data][corpus]") {
  const TemporaryFolder folder;
  auto files = files_of(folder, "w3\n", "w4\n");
  files.target.push_back(folder.file("other", "w5\n"));

  REQUIRE(read_corpus(files, numbered_pipeline({}), false).target[0] == Ids{4});
}

TEST_CASE("corpus: bytes that are not UTF-8 are an error with file, line and column", "[data][corpus][error]") {
  const TemporaryFolder folder;
  const auto files = files_of(folder, "w3\nw3\n", "w3\nw3 \xC3\n");

  REQUIRE_THROWS_WITH(read_corpus(files, numbered_pipeline({}), true),
                      ContainsSubstring((folder / "target").string() + ":2:4: byte 0xC3"));
}

TEST_CASE("corpus: files of which no pair is left are refused with the counts", "[data][corpus][error]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.max_length = 1;
  const auto files = files_of(folder, "w3 w3\nw3\n", "w3\n\n");

  REQUIRE_THROWS_WITH(read_corpus(files, numbered_pipeline(options), true),
                      ContainsSubstring("1 too long") && ContainsSubstring("1 with an empty target"));
}

TEST_CASE("corpus: files without a target beside them are refused", "[data][corpus][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(read_corpus({folder.file("source", "w3\n"), {}}, numbered_pipeline({}), true),
                      ContainsSubstring("no target file"));
}

TEST_CASE("content digest: goes by the contents of the files in their order, not by names", "[data][corpus]") {
  const TemporaryFolder folder;
  const auto a = folder.file("a", "1\n"), same = folder.file("same", "1\n"), b = folder.file("b", "2\n"),
             empty = folder.file("empty", "");

  REQUIRE(content_digest({a, {b}}) == content_digest({same, {b}}));
  REQUIRE(content_digest({a, {b}}) != content_digest({b, {a}}));
  REQUIRE(content_digest({a, {b}}) != content_digest({a, {b, b}}));
  REQUIRE(content_digest({folder.file("both", "1\n2\n"), {empty}}) != content_digest({a, {b}}));
}
