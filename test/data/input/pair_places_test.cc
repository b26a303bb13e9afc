#include "seq2seq/data/input/pair_places.h"

#include <string>

#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::data {
namespace {

TEST_CASE("pair places: a pair of several corpora is named by its own file and line", "[data][error]") {
  const test::TemporaryFolder folder;
  folder.file("a.fr", "1\n2\n3");  // without a line feed at the end
  folder.file("b.fr", "1\n\n");
  folder.file("c.tsv", "1\t1\n");
  PairPlaces place({.source = {folder / "a.fr", folder / "b.fr"},
                    .target = {folder / "a.en", folder / "b.en"},
                    .pairs = {folder / "c.tsv"}});
  CHECK(place(4) == (folder / "b.fr").string() + ":2");
  CHECK(place(0) == (folder / "a.fr").string() + ":1");
  CHECK(place(2) == (folder / "a.fr").string() + ":3");
  CHECK(place(3) == (folder / "b.fr").string() + ":1");
  CHECK(place(5) == (folder / "c.tsv").string() + ":1");
}

TEST_CASE("pair places: the one corpus is not read; without a file before it only the pair is known", "[data][error]") {
  CHECK(PairPlaces({.source = {"gone.fr"}, .target = {"gone.en"}, .pairs = {}})(1233) == "gone.fr:1234");
  PairPlaces place({.source = {"gone.fr", "there.fr"}, .target = {"gone.en", "there.en"}, .pairs = {}});
  CHECK(place(1233) == "pair 1,234 of the training text");
}

}  // namespace
}  // namespace seq2seq::data
