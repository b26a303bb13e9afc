#include "seq2seq/data/input/line_reader.h"

#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Lines = std::vector<std::string>;

/// Returns the error of reading a file of these bytes, without the folder.
std::string fault_of_text(const std::string& bytes) {
  const TemporaryFolder folder;
  try {
    read_lines(folder.file("text", bytes));
    return {};
  } catch (const Error& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
}

}  // namespace

TEST_CASE("lines: line ends of Unix and Windows, a missing last one and a byte order mark leave no trace",
          "[data][lines]") {
  const TemporaryFolder folder;
  const auto [bytes, lines] = GENERATE(table<std::string, Lines>({
      {"", {}},
      {"\n", {""}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"a\n\nb", {"a", "", "b"}},
      {"a\r\nb\r\n", {"a", "b"}},
      {"\r\n", {""}},
      {"a\rb\n", {"a\rb"}},
      {"\xEF\xBB\xBF"
       "a\n\xEF\xBB\xBF"
       "b\n",
       {"a",
        "\xEF\xBB\xBF"
        "b"}},
  }));
  CAPTURE(bytes);

  REQUIRE(read_lines(folder.file("text", bytes)) == lines);
}

TEST_CASE("lines: the first byte that is not text is named with file, line and column", "[data][lines][error]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"a\nb\xC3\n", "text:2:2: byte 0xC3 begins an incomplete character (not UTF-8)"},
      {"é\xFF", "text:1:3: byte 0xFF"},
      {"\x80", "text:1:1: byte 0x80"},
      {"\xC0\xAF", "text:1:1: byte 0xC0"},     // overlong
      {"\xE0\x80\xAF", "text:1:1: byte"},      // overlong
      {"\xED\xA0\x80", "text:1:1: byte"},      // a surrogate
      {"\xF4\x90\x80\x80", "text:1:1: byte"},  // beyond U+10FFFF
      {"\xE2\x82", "text:1:1: byte 0xE2"},     // cut off
      {"\xEF\xBB\xBF"
       "a\xFF",
       "text:1:5: byte 0xFF"},  // columns are bytes of the file
      {std::string("ab\0c", 4), "text:1:3: "},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "text:1:1: "},  // UTF-16
  }));
  CAPTURE(bytes);

  REQUIRE_THAT(fault_of_text(bytes), Catch::Matchers::StartsWith(message));
  REQUIRE_THAT(fault_of_text(bytes), ContainsSubstring("data.invalid_utf8: drop"));
}

TEST_CASE("lines: lines that are not text are listed when asked, and come back empty", "[data][lines]") {
  const TemporaryFolder folder;
  std::vector<int64_t> invalid;

  REQUIRE(read_lines(folder.file("text", "a\nb\xC3\nc\n\xFF"), &invalid) == Lines{"a", "", "c", ""});
  REQUIRE(invalid == std::vector<int64_t>{1, 3});
}

TEST_CASE("lines: a missing file and a folder are named with the reason", "[data][lines][error]") {
  const TemporaryFolder folder;

  REQUIRE_THROWS_WITH(read_lines(folder / "none"), ContainsSubstring("none: ") && ContainsSubstring("No such file"));
  REQUIRE_THROWS_WITH(read_lines(folder.path()),
                      ContainsSubstring(folder.path().string()) && ContainsSubstring("folder"));
}

TEST_CASE("lines: a line beyond 16 MiB is refused, wherever it lies", "[data][lines][error]") {
  const std::string longest(std::size_t{1} << 24, 'a');
  CHECK(fault_of_text("b\n" + longest).empty());
  const auto fault = "text:2: is longer than 16 MiB; a line is one sentence";
  CHECK_THAT(fault_of_text("b\n" + longest + "a"), ContainsSubstring(fault));
  CHECK_THAT(fault_of_text("b\n" + longest + "a\nb\n"), ContainsSubstring(fault));
}

TEST_CASE("lines: a line of 100,000 tokens is a line like any other", "[data][lines]") {
  const TemporaryFolder folder;
  std::string line;
  for (int i = 0; i < 100'000; ++i) line += "word ";

  REQUIRE(read_lines(folder.file("text", line + "\nb\n")) == Lines{line, "b"});
}

TEST_CASE("lines: a line is ready when it is there to its end, and so is the end of the text", "[data][lines]") {
  using Writer = PiecewiseSource::Writer;
  LineReader pausing(std::make_unique<PiecewiseSource>(Lines{"a\nb", "c\nd\n"}, Writer::pausing), "<stdin>");
  std::string line;
  CHECK_FALSE(pausing.ready());
  REQUIRE(pausing.next(line));
  CHECK_FALSE(pausing.ready());  // `b` goes on
  REQUIRE(pausing.next(line));
  CHECK(line == "bc");
  CHECK(pausing.ready());
  REQUIRE(pausing.next(line));
  CHECK(line == "d");
  CHECK_FALSE(pausing.ready());
  CHECK_FALSE(pausing.next(line));

  LineReader ahead(std::make_unique<PiecewiseSource>(Lines{"a\nb", "c\nd"}, Writer::ahead), "<stdin>");
  for (const auto* wanted : {"a", "bc", "d"}) {
    CHECK(ahead.ready());
    REQUIRE(ahead.next(line));
    CHECK(line == wanted);
  }
  CHECK(ahead.ready());
  CHECK_FALSE(ahead.next(line));
}

TEST_CASE("lines: text that a command is given has no key that would leave bad lines out", "[data][lines][error]") {
  auto lines = line_reader("a\n\xFF\n", "<stdin>");
  std::string line;
  REQUIRE(lines.next(line));
  REQUIRE_THROWS_WITH(lines.next(line),
                      ContainsSubstring("<stdin>:2:1: byte 0xFF") && Catch::Matchers::EndsWith(". Correct the line"));
}
