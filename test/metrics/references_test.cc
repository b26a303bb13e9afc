#include "seq2seq/metrics/references.h"

#include "seq2seq/core/error.h"
#include "seq2seq/metrics/words.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::metrics;

TEST_CASE("references: an empty line of a further file is no reference, of the first it is one",
          "[metrics][references]") {
  REQUIRE(references_by_sentence({{"a", "", "c"}, {"", "B", "C"}}) == References{{"a"}, {"", "B"}, {"c", "C"}});
}

TEST_CASE("references: files of unequal length, or none, are refused", "[metrics][references][error]") {
  REQUIRE_THROWS_AS(references_by_sentence({{"a", "b"}, {"a"}}), Error);
  REQUIRE_THROWS_AS(references_by_sentence({}), Error);
}
