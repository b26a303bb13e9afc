#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "test/config/sample.h"
#include "test/support/catch.h"

namespace seq2seq::config {

using seq2seq::test::ContainsSubstring;
using test::faults_of;
using Cases = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("reader: numbers in foreign notations are refused with what to write", "[config][reader][error]") {
  for (const auto& [value, rest] : Cases{
           {"0x1F", ", which is hexadecimal: write 31"},
           {"-0X1f", ", which is hexadecimal: write -31"},
           {"0o17", ", which is octal: write 15"},
           {"017", ", which could be octal: write 17, or 15 if it is octal"},
           {"089", ", with a leading zero: write 89"},
           {"0b101", ", which is binary: write 5"},
           {"1_000", ": write 1000"},
           {"1,000", ": write 1000"},
           {"12,000,000", ": write 12000000"},
           {"0,5", ""},
           {"1,5", ""},
           {"1e1", ": write 10"},
           {"5.0", ": write 5"},
           {"1e999", ""},
           {"99999999999999999999", ", which is out of range"},
           {"0xZZ", ", which is hexadecimal: write it in decimal"},
       }) {
    CAPTURE(value);
    CHECK(faults_of(fmt::format("train: {{epochs: {}}}", value)) ==
          fmt::format("a.yaml:1:17: `train.epochs`: expected a whole number of at least 1 and at most 100 (epochs), "
                      "found `{}`{}",
                      value, rest));
  }
  CHECK_THAT(faults_of("train: {limit: 017}"),
             ContainsSubstring("found `017`, which could be octal: write 17, or 15 if it is octal"));
  CHECK_THAT(faults_of("train: {limit: 0x10}"), ContainsSubstring("found `0x10`, which is hexadecimal: write 16"));
  CHECK_THAT(faults_of("seed: -1"),
             ContainsSubstring("expected a whole number of at least 0, found `-1`, which is out of range"));
  CHECK_THAT(faults_of("seed: 18446744073709551616"), ContainsSubstring("which is out of range"));
}

TEST_CASE("reader: a decimal comma is answered with the number with a point", "[config][reader][error]") {
  const auto [value, rest] = GENERATE(table<std::string, std::string>({
      {"0,001", ": use a point, 0.001"},
      {"2,5", ": use a point, 2.5"},
      {"+1,5e-3", ": use a point, +1.5e-3"},
      {"1,000", ": use a point, 1.000, or write 1000 if the comma groups digits"},
      {"1,000,000", ": write 1000000"},
      {"0,0,1", ""},
      {"1,x", ""},
  }));
  CAPTURE(value);
  const std::string problem = "`train.limit`: expected a number of at least 0, found `" + value + "`" + rest;
  CHECK(faults_of("train:\n  limit: " + value) == "a.yaml:2:10: " + problem);
  CHECK(faults_of("", {"train.limit=" + value}) == "--set train.limit=" + value + ": " + problem);
  if (value.find_first_not_of("0123456789,") != std::string::npos || rest.empty()) return;
  // Between braces YAML ends the value at the comma, and reads the rest as a key.
  CHECK(faults_of("train: {limit: " + value + "}") == "a.yaml:1:16: " + problem);
  CHECK(faults_of("train: {limit: " + value + ", epochs: 1}") == "a.yaml:1:16: " + problem);
}

TEST_CASE("reader: between braces a key of digits is a decimal comma only behind a number", "[config][reader][error]") {
  CHECK_THAT(faults_of("train: {limit: \"0\",001}"), ContainsSubstring("unknown key `train.001`"));
  CHECK_THAT(faults_of("train: {limit: 1, x1}"), ContainsSubstring("unknown key `train.x1`"));
  CHECK_THAT(faults_of("train: {limit: 1, 2: 3}"), ContainsSubstring("unknown key `train.2`"));
  CHECK(faults_of("{name: 7,5}") ==
        "a.yaml:1:8: `name`: expected a string, found `7,5`: a comma ends a value in braces, so quote it");
}

TEST_CASE("reader: what is not a number is refused in every notation", "[config][reader][error]") {
  const std::string value = GENERATE(".nan", ".NaN", "nan", "inf", ".Inf", "1e", "1e+", ".", "+", "--1", "1.2.3", "1,5",
                                     "0x1p3", "1e999", "1e-999", "e5", "1 2");
  CAPTURE(value);
  CHECK_THAT(faults_of("train:\n  limit: " + value),
             ContainsSubstring("`train.limit`: expected a number of at least 0, found `" + value + "`"));
}

TEST_CASE("reader: infinity passes only where a bound is infinite", "[config][reader][error]") {
  CHECK(faults_of("train: {limit: .inf}").empty());
  CHECK_THAT(faults_of("train: {limit: -.inf}"), ContainsSubstring("expected a number of at least 0, found `-.inf`"));
  CHECK_THAT(faults_of("train: {optimizer: {learning_rate: .inf}}"),
             ContainsSubstring("expected a number above 0, found `.inf`"));
}

}  // namespace seq2seq::config
