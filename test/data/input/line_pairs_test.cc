#include "seq2seq/data/input/line_pairs.h"

#include <string>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs read(const TrainFiles& files) {
  LinePairs lines(files, InvalidUtf8::error);
  Pairs pairs;
  for (LinePair pair; lines.next(pair);) {
    REQUIRE(pair.number == std::ssize(pairs));
    pairs.emplace_back(pair.source, pair.target);
  }
  REQUIRE(lines.consumed() == bytes_of(files));
  return pairs;
}

}  // namespace

TEST_CASE("line pairs: several files are one text, and columns follow files", "[data][input]") {
  const TemporaryFolder folder;
  const TrainFiles files{.source = {folder.file("a", "1\n2\n"), folder.file("b", "3")},
                         .target = {folder.file("x", "one\ntwo\n"), folder.file("y", "three\n")},
                         .pairs = {folder.file("both", "4\tfour\n\tnothing\n")}};
  REQUIRE(read(files) == Pairs{{"1", "one"}, {"2", "two"}, {"3", "three"}, {"4", "four"}, {"", "nothing"}});
}

TEST_CASE("line pairs: a line of columns without its one tab is told with its place", "[data][input][error]") {
  const TemporaryFolder folder;
  const auto [text, message] = GENERATE(table<std::string, std::string>(
      {{"a\tb\nc\n", "both:2: has no tab"}, {"a\tb\tc\n", "both:1: has more than one tab"}, {"", "both: is empty"}}));
  REQUIRE_THROWS_WITH(read({.source = {}, .target = {}, .pairs = {folder.file("both", text)}}),
                      ContainsSubstring(message));
}

TEST_CASE("line pairs: the pair of files of unequal length is told, not the whole text", "[data][input][error]") {
  const TemporaryFolder folder;
  const TrainFiles files{.source = {folder.file("a", "1\n"), folder.file("b", "2\n3\n")},
                         .target = {folder.file("x", "one\n"), folder.file("y", "two\n")},
                         .pairs = {}};
  REQUIRE_THROWS_WITH(read(files), ContainsSubstring((folder / "b").string() + ": has 2 lines") &&
                                       ContainsSubstring((folder / "y").string() + " has 1 line"));
}

TEST_CASE("line pairs: as many files of one side as of the other", "[data][input][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(read({.source = {folder.file("a", "1\n")}, .target = {}, .pairs = {}}),
                      ContainsSubstring("1 file of source sentences, but 0 of targets"));
}

TEST_CASE("line pairs: a pair knows its corpus, with its tag and its weight", "[data][input]") {
  const TemporaryFolder folder;
  TrainFiles files{.source = {folder.file("a", "1\n2\n"), folder.file("b", "3")},
                   .target = {folder.file("x", "one\ntwo\n"), folder.file("y", "three\n")},
                   .pairs = {folder.file("both", "4\tfour\n")}};
  files.tags = {"<a>", "", "<c>"};
  files.weights = {folder.file("u", "0.5\r\n1e2\n"), "", folder.file("w", "0\n")};
  LinePairs lines(files, InvalidUtf8::error);
  std::vector<std::size_t> corpora;
  std::vector<std::string> tags;
  std::vector<float> weights;
  for (LinePair pair; lines.next(pair);) {
    corpora.push_back(pair.corpus);
    tags.push_back(pair.tag);
    weights.push_back(pair.weight);
  }

  REQUIRE(corpora == std::vector<std::size_t>{0, 0, 1, 2});
  REQUIRE(tags == std::vector<std::string>{"<a>", "<a>", "", "<c>"});
  REQUIRE(weights == std::vector<float>{0.5F, 100, 1, 0});
}

TEST_CASE("line pairs: a bad line of weights is told with its place", "[data][input][error]") {
  const TemporaryFolder folder;
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"1\nhigh\n", "weights:2: expected a number of at least 0, found `high`"},
      {"1\n\n", "weights:2: expected a number of at least 0"},
      {"-1\n1\n", "weights:1: expected a number of at least 0, found `-1`"},
      {"nan\n1\n", "weights:1: expected a number of at least 0"},
      {"inf\n1\n", "weights:1: expected a number of at least 0"},
      {"1e99\n1\n", "weights:1: expected a number of at least 0"},
      {"1 2\n1\n", "weights:1: expected a number of at least 0"},
      {"1\n", "weights: has 1 line, but"},
      {"1\n1\n1\n", "weights: has 3 lines, but"},
  }));
  CAPTURE(text);
  TrainFiles files{.source = {folder.file("a", "1\n2\n")}, .target = {folder.file("x", "one\ntwo\n")}, .pairs = {}};
  files.weights = {folder.file("weights", text)};
  REQUIRE_THROWS_WITH(read(files), ContainsSubstring(message));
}

TEST_CASE("line pairs: weights that are not UTF-8 are not left out by a key for the text", "[data][input][error]") {
  const TemporaryFolder folder;
  const TrainFiles files{.source = {folder.file("a", "1\n")},
                         .target = {folder.file("x", "one\n")},
                         .pairs = {},
                         .weights = {folder.file("weights", "\xFF\n")}};
  REQUIRE_THROWS_WITH(read(files), ContainsSubstring("weights:1:1: ") && ContainsSubstring("Correct the line") &&
                                       !ContainsSubstring("invalid_utf8"));
}

TEST_CASE("line pairs: there is a tag and a file of weights for each corpus, or none", "[data][input][error]") {
  const TemporaryFolder folder;
  TrainFiles files{.source = {folder.file("a", "1\n")}, .target = {folder.file("x", "one\n")}, .pairs = {}};
  auto tagged = files, weighted = files;
  tagged.tags = {"<a>", "<b>"};
  weighted.weights = {folder.file("u", "1\n"), folder.file("v", "1\n")};
  REQUIRE_THROWS_WITH(read(tagged), ContainsSubstring("2 tags for 1 corpus"));
  REQUIRE_THROWS_WITH(read(weighted), ContainsSubstring("2 weight files for 1 corpus"));
}
