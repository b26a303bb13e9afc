#include "seq2seq/core/json.h"

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

using nlohmann::json;

/// Returns the reason of the library's exception for a text that is not JSON.
JsonReason reason_of(const std::string& text) {
  try {
    parse_json<json>(text);
  } catch (const json::exception& fault) {
    return plain_reason(fault.what());
  }
  return {};
}

/// Returns the message for a text at a place whose member `a` must be an integer.
std::string fault_of(const std::string& text, const Place& place) {
  try {
    read_json<json>(text, place, "Restore it", [](const json& root) { return to_integer<int64_t>(root.at("a")); });
    return {};
  } catch (const FormatError& fault) {
    return fault.what();
  }
}

}  // namespace

TEST_CASE("json: a reason is plain, and has a line and a column where the text stops being JSON",
          "[core][json][error]") {
  const auto [text, reason, line, column] = GENERATE(table<std::string, std::string, int64_t, int64_t>({
      {"", "unexpected end of input", 1, 1},
      {"[1,\n2", "unexpected end of input", 2, 2},
      {R"({"a": b})", "invalid literal", 1, 7},
      {R"({"a": "b)", "invalid string: missing closing quote", 1, 9},
      {R"({"a": 1,})", "unexpected '}'", 1, 9},
      {"1e999", "number overflow parsing '1e999'", 0, 0},
  }));
  CAPTURE(text);

  const auto found = reason_of(text);

  CHECK(found.text == reason);
  CHECK(found.line == line);
  CHECK(found.column == column);
}

TEST_CASE("json: a reason that is not the library's is unchanged", "[core][json][error]") {
  CHECK(plain_reason("values are nested too deeply").text == "values are nested too deeply");
  CHECK(plain_reason("[json.exception.out_of_range.403] key 'a' not found").text == "key 'a' not found");
}

TEST_CASE("json: what is not JSON is reported with line and column, in a file and in a line of one",
          "[core][json][error]") {
  CHECK(fault_of("{\n\"a\": 1,}", {.file = "state.json"}) ==
        "state.json:2:8: is damaged: `not JSON from here on: unexpected '}'`. Restore it");
  CHECK(fault_of(R"({"a": 1,})", {.file = "log.jsonl", .line = 5}) ==
        "log.jsonl:5:9: is damaged: `not JSON from here on: unexpected '}'`. Restore it");
}

TEST_CASE("json: a wrong member is reported with the caller's place alone", "[core][json][error]") {
  CHECK(fault_of(R"({"b": 1})", {.file = "log.jsonl", .line = 5}) ==
        "log.jsonl:5: is damaged: `key 'a' not found`. Restore it");
  CHECK(fault_of(R"({"a": "1"})", {.file = "state.json"}) == "state.json: is damaged: `expected a number`. Restore it");
}

}  // namespace seq2seq::test
