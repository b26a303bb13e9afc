#include "seq2seq/data/corpus.h"

#include <algorithm>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Ids = std::vector<int64_t>;

TrainFiles train_files_of(const TemporaryFolder& folder, const std::string& source, const std::string& target) {
  return {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
}

}  // namespace

TEST_CASE("corpus: holds the ids of both sides, not reversed and without end symbols", "[data][corpus]") {
  const TemporaryFolder folder;
  const auto corpus = read_corpus(train_files_of(folder, "w3 w4\nw5 what\n", "w6\nw7 w8\n"), numbered_pipeline({}));

  REQUIRE(corpus.pairs() == 2);
  REQUIRE(corpus.source[0] == Ids{3, 4});
  REQUIRE(corpus.source[1] == Ids{5, text::unknown_id});
  REQUIRE(corpus.target[1] == Ids{7, 8});
}

TEST_CASE("corpus: leaves out what cannot be trained on, counts it, and renumbers no other pair", "[data][corpus]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.clean.max_length = 2;
  options.invalid_utf8 = InvalidUtf8::drop;
  const auto files =
      train_files_of(folder, "w3\nw3 w3 w3\nw3\nw3\nw\xFF\nw3\nw3\n", "w3\nw3\nw3 w3 w3\n\nw3\nw\xFF\nw3 w3\n");
  const auto corpus = read_corpus(files, numbered_pipeline(options));

  REQUIRE(corpus.pairs() == 2);
  REQUIRE(corpus.number(0) == 0);
  REQUIRE(corpus.number(1) == 6);
  REQUIRE(corpus.left_out[Reason::too_long].first_lines == Ids{2, 3});
  REQUIRE(corpus.left_out[Reason::empty_target].first_lines == Ids{4});
  REQUIRE(corpus.left_out[Reason::invalid_utf8].first_lines == Ids{5, 6});
  REQUIRE(corpus.left_out.total() == 5);
}

TEST_CASE("corpus: a line of 100,000 tokens is left out of training and counted", "[data][corpus]") {
  const TemporaryFolder folder;
  std::string line;
  for (int i = 0; i < 100'000; ++i) line += "w3 ";

  const auto trained = read_corpus(train_files_of(folder, line + "\nw3\n", "w3\nw3\n"), numbered_pipeline({}));
  REQUIRE(trained.left_out[Reason::too_long].pairs == 1);
}

TEST_CASE("corpus: bytes that are not UTF-8 are an error with file, line and column", "[data][corpus][error]") {
  const TemporaryFolder folder;
  const auto files = train_files_of(folder, "w3\nw3\n", "w3\nw3 \xC3\n");

  REQUIRE_THROWS_WITH(read_corpus(files, numbered_pipeline({})),
                      ContainsSubstring((folder / "target").string() + ":2:4: byte 0xC3"));
}

TEST_CASE("corpus: files of which no pair is left are refused with the counts", "[data][corpus][error]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.clean.max_length = 1;
  const auto files = train_files_of(folder, "w3 w3\nw3\n", "w3\n\n");

  REQUIRE_THROWS_WITH(read_corpus(files, numbered_pipeline(options)),
                      ContainsSubstring("1 too long") && ContainsSubstring("1 with an empty target"));
}

TEST_CASE("content digest: goes by the contents of the files in their order, not by names", "[data][corpus]") {
  const TemporaryFolder folder;
  const auto a = folder.file("a", "1\n"), same = folder.file("same", "1\n"), b = folder.file("b", "2\n"),
             empty = folder.file("empty", "");

  const auto digest = [](const std::filesystem::path& source, const std::vector<std::filesystem::path>& target) {
    return content_digest(FilePair{source, target});
  };
  REQUIRE(digest(a, {b}) == digest(same, {b}));
  REQUIRE(digest(a, {b}) != digest(b, {a}));
  REQUIRE(digest(a, {b}) != digest(a, {b, b}));
  REQUIRE(digest(folder.file("both", "1\n2\n"), {empty}) != digest(a, {b}));
  REQUIRE(content_digest(TrainFiles{.source = {a}, .target = {b}, .pairs = {}}) !=
          content_digest(TrainFiles{.source = {}, .target = {}, .pairs = {a, b}}));
}

TEST_CASE("corpus: the tag of a file stands before each of its sources, and counts for no limit of length",
          "[data][corpus]") {
  const TemporaryFolder folder;
  DataOptions options;
  options.clean.max_length = 2;
  options.clean.drop_empty_source = true;
  const TrainFiles files{.source = {folder.file("a", "w3 w4\n\n"), folder.file("b", "w5\n")},
                         .target = {folder.file("x", "w6\nw6\n"), folder.file("y", "w7\n")},
                         .pairs = {},
                         .tags = {"w9", ""}};
  const auto corpus = read_corpus(files, numbered_pipeline(options));

  REQUIRE(corpus.pairs() == 2);
  REQUIRE(corpus.source[0] == Ids{9, 3, 4});
  REQUIRE(corpus.source[1] == Ids{5});
  REQUIRE(corpus.left_out[Reason::empty_source].pairs == 1);
}

TEST_CASE("corpus: weights stay with their pairs when others are left out", "[data][corpus]") {
  const TemporaryFolder folder;
  TrainFiles files = train_files_of(folder, "w3\nw3\nw4\n", "w5\n\nw6\n");
  REQUIRE_FALSE(read_corpus(files, numbered_pipeline({})).weighted());
  files.weights = {folder.file("weights", "0.1\n2\n3.5\n")};
  const auto corpus = read_corpus(files, numbered_pipeline({}));

  REQUIRE(corpus.pairs_of == std::vector<int64_t>{2});
  REQUIRE(corpus.weighted());
  REQUIRE(corpus.weight(0) == 0.1F);
  REQUIRE(corpus.weight(1) == 3.5F);
}

TEST_CASE("content digest: goes by weights, and by whose they are", "[data][corpus]") {
  const TemporaryFolder folder;
  TrainFiles files{.source = {}, .target = {}, .pairs = {folder.file("p", "a\tb\n"), folder.file("q", "c\td\n")}};
  std::vector<std::string> digests{content_digest(files)};
  const auto u = folder.file("u", "1\n"), v = folder.file("v", "2\n");
  for (const auto& weights :
       std::vector<std::vector<std::filesystem::path>>{{u, ""}, {"", u}, {u, u}, {v, u}, {u, v}}) {
    files.weights = weights;
    digests.push_back(content_digest(files));
  }
  files = {.source = {}, .target = {}, .pairs = {files.pairs[0], files.pairs[1], u, v}};
  digests.push_back(content_digest(files));

  const auto all = digests.size();
  std::sort(digests.begin(), digests.end());
  REQUIRE(std::unique(digests.begin(), digests.end()) == digests.end());
  REQUIRE(all == 7);
}
