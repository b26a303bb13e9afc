#include "seq2seq/core/error.h"

#include <string>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq {

TEST_CASE("error: a place names as much as is known, in the form that editors follow", "[core][error]") {
  const auto [place, text] = GENERATE(table<Place, std::string>({
      {Place{}, ""},
      {Place{.file = "a.yaml"}, "a.yaml"},
      {Place{.file = "a.yaml", .line = 14}, "a.yaml:14"},
      {Place{.file = "a.yaml", .line = 14, .column = 5}, "a.yaml:14:5"},
      {Place{.file = "w.safetensors", .part = "encoder.weight"}, "w.safetensors: encoder.weight"},
      {Place{.line = 3, .column = 7}, "line 3, column 7"},
      {Place{.part = "--set a=1"}, "--set a=1"},
  }));
  REQUIRE(to_string(place) == text);
}

TEST_CASE("error: says place, problem and remedy in one line", "[core][error]") {
  const Error error(Place{.file = "a.yaml", .line = 2, .column = 1}, "unknown key `x`", "Take it out");
  REQUIRE(std::string(error.what()) == "a.yaml:2:1: unknown key `x`. Take it out");
  REQUIRE(std::string(Error("no such thing").what()) == "no such thing");
}

TEST_CASE("error: what a terminal would act on is shown instead, wherever it comes from", "[core][error]") {
  const Error error(Place{.file = "a\x1B[2J", .part = "na\x7Fme"}, "is\x07 \xFF", "Do\tthis");
  REQUIRE(std::string(error.what()) == "a\\x1B[2J: na\\x7Fme: is\\x07 \\xFF. Do\\tthis");
  REQUIRE(std::string(Error("Zoë ▁ 10 €").what()) == "Zoë ▁ 10 €");
}

TEST_CASE("usage error: tells all faults at once, one a line", "[core][error]") {
  const std::vector<Error> faults{Error(Place{.file = "a"}, "first"), Error(Place{.file = "b"}, "second")};
  REQUIRE(std::string(UsageError(faults).what()) == "a: first\nb: second");
}

// Used by the entry core/exit_status of CTest.
TEST_CASE("exit status: four failures", "[.][four_failures]") {
  for (int number = 0; number < 4; ++number) CHECK(number == 4);
}

}  // namespace seq2seq
