#include "seq2seq/core/text.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq {

namespace {

/// Encodes a code point by the table of RFC 3629, section 3.
std::string encode(uint32_t code) {
  const auto byte = [](uint32_t value) { return static_cast<char>(static_cast<uint8_t>(value)); };
  const auto later = [&](uint32_t shift) { return byte(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | (code >> 6)), later(0)};
  if (code < 0x10000) return {byte(0xE0 | (code >> 12)), later(6), later(0)};
  return {byte(0xF0 | (code >> 18)), later(12), later(6), later(0)};
}

}  // namespace

TEST_CASE("text: of all code points but NUL, only surrogates and those above U+10FFFF are faults", "[core][text]") {
  int wrong = 0;
  for (uint32_t code = 1; code < 0x120000; ++code) {
    const bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    const std::string text = encode(code);
    if (find_text_fault(text).has_value() == valid || (character_bytes(text) == text.size()) != valid) ++wrong;
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("text: a fault names the byte, where it stands and why it is none", "[core][text][error]") {
  const auto [text, offset, problem] = GENERATE(table<std::string, size_t, std::string>({
      {"ab\xC3", 2, "byte 0xC3 begins an incomplete character (not UTF-8)"},
      {"\xE2\x82z", 0, "byte 0xE2 begins an incomplete character (not UTF-8)"},
      {"a\x80", 1, "byte 0x80 cannot begin a character (not UTF-8)"},
      {"\xC0\xAF", 0, "byte 0xC0 cannot begin a character (not UTF-8)"},
      {"\xED\xA0\x80", 0, "bytes 0xED 0xA0 begin a character that does not exist in Unicode (not UTF-8)"},
      {"\xE0\x80\x80", 0, "bytes 0xE0 0x80 begin a character that does not exist in Unicode (not UTF-8)"},
      {std::string("a\0b", 3), 1, "a NUL byte, which is not text (is it UTF-16, or a binary file?)"},
  }));
  const auto fault = find_text_fault(text);
  REQUIRE(fault);
  CHECK(fault->offset == offset);
  CHECK(fault->problem == problem);
}

TEST_CASE("text: characters are counted and cut whole", "[core][text]") {
  REQUIRE(count_characters("aé€\U0001F600") == 4);
  REQUIRE(first_characters("aé€", 2) == "aé");
  REQUIRE(first_characters("aé", 9) == "aé");
}

TEST_CASE("text: splitting keeps empty pieces", "[core][text]") {
  using Pieces = std::vector<std::string_view>;
  REQUIRE(split("a..b.", '.') == Pieces{"a", "", "b", ""});
  REQUIRE(split("", '.') == Pieces{""});
}

TEST_CASE("text: a fault is found wherever it stands in a line, and nowhere else", "[core][text][property]") {
  const std::string bad = GENERATE(std::string(1, '\0'), std::string("\xFF"), std::string("\xC3("));
  const std::string letter = GENERATE("a", "é", "\x7F");
  for (size_t before = 0; before < 40; ++before) {
    std::string text;
    for (size_t i = 0; i < before; ++i) text += i % 5 == 4 ? letter : "b";
    CAPTURE(before);
    const size_t place = text.size();
    REQUIRE(!find_text_fault(text + "rest of it"));
    const auto fault = find_text_fault(text + bad + "rest of it");
    REQUIRE(fault);
    REQUIRE(fault->offset == place);
  }
}

TEST_CASE("text: a quotation stays on one line and within its length", "[core][text]") {
  REQUIRE(quote("a\nb\t\x1B[1m\xFF é") == "`a\\nb\\t\\x1B[1m\\xFF é`");
  REQUIRE(quote("éééé", 3) == "`ééé...`");
}

TEST_CASE("text: a word for a shell is read back as it was", "[core][text]") {
  const auto read_back = [](const std::string& word) {
    FILE* pipe = popen(("printf %s " + shell_word(word)).c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string read(word.size() + 1, '\0');
    read.resize(fread(read.data(), 1, read.size(), pipe));
    pclose(pipe);
    return read;
  };
  CHECK(shell_word("runs/a-b_1.yaml") == "runs/a-b_1.yaml");
  for (const std::string word : {"a b", "it's", "", "ünï #dé", "$HOME `ls` \\", "a\nb", "*", "key=[1, 2]"}) {
    CAPTURE(word);
    CHECK(read_back(word) == word);
  }
}

}  // namespace seq2seq
