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
                      ContainsSubstring("1 files of source sentences, but 0 of targets"));
}
