#include "seq2seq/text/normalize.h"

#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/core/text.h"
#include "seq2seq/text/unicode.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::NormalForm;
using text::NormalizeOptions;
using text::Normalizer;

namespace {

const std::map<std::string, NormalizeOptions> kOptions{
    {"none", {NormalForm::none, false}},        {"nfc", {NormalForm::nfc, false}},
    {"nfkc", {NormalForm::nfkc, false}},        {"none.lowercase", {NormalForm::none, true}},
    {"nfc.lowercase", {NormalForm::nfc, true}}, {"nfkc.lowercase", {NormalForm::nfkc, true}}};

std::string applied(const NormalizeOptions& options, std::string line) {
  Normalizer(options).apply(line);
  return line;
}

/// Returns every code point alone and between letters and combining marks, and random texts of characters that compose.
std::vector<std::string> texts() {
  std::vector<std::string> result;
  for (char32_t character = 1; character <= 0x10FFFF; ++character) {
    if (character == '\n' || (character >= 0xD800 && character <= 0xDFFF)) continue;
    std::string alone;
    text::append_utf8(alone, character);
    result.push_back(alone + " A" + alone + "\u0301 ");
  }
  std::mt19937_64 random(1);
  const std::vector<std::string> pieces{"e",  "Å", "\u030A", "\u0323", "\u0307", "ﬁ",      "Ⅷ", "ᄀ", "ᅡ", "ᆨ",
                                        "각", "İ", "Σ",      " ",      "ς",      "\u1E9B", "½", "ﷺ",  "Ａ", "\u0345"};
  for (int i = 0; i < 20000; ++i) result.push_back(random_text(random, pieces, 1 + i % 12));
  return result;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("normalize: forms and lower case are those of Python's unicodedata, over all of Unicode",
          "[text][normalize][witness]") {
  const TemporaryFolder folder;
  const auto given = texts();
  std::string joined;
  for (const auto& line : given) joined += line + "\n";
  folder.file("texts", joined);
  if (!run_witness("normal_form.py", folder.path())) {
    WARN("skipped: no witness unicodedata");
    return;
  }
  for (const auto& [name, options] : kOptions) {
    const Normalizer normalizer(options);
    const auto expected = lines_of(folder.path() / name);
    REQUIRE(expected.size() == given.size());
    std::size_t compared = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (expected[i] == "?") continue;  // newer than the witness
      auto line = given[i];
      const bool changed = normalizer.apply(line);
      ++compared;
      if (line == expected[i] && changed == (line != given[i])) continue;
      CAPTURE(name, given[i], line, changed);
      REQUIRE(line == expected[i]);
      REQUIRE(changed == (line != given[i]));
    }
    REQUIRE(compared > 280'000);  // Unicode 13 has 143,859 characters and 137,468 for private use
  }
}

TEST_CASE("normalize: by default nothing changes and nothing need be called", "[text][normalize]") {
  const Normalizer normalizer(NormalizeOptions{});
  std::string line = "e\u0301 ÀÉ ﬁ Ａ";

  REQUIRE(!normalizer.active());
  REQUIRE(!normalizer.apply(line));
  REQUIRE(line == "e\u0301 ÀÉ ﬁ Ａ");
}

TEST_CASE("normalize: what was normalized stays as it is", "[text][normalize][property]") {
  const auto seed = GENERATE(range(1u, 51u));
  std::mt19937_64 random(seed);
  const auto line = random_text(random, {"İ", "\u0307", "\u0345", "Σ", "ﬁ", "Å", "\u030A", "ϔ", " ", "각", "A"}, 20);
  for (const auto& [name, options] : kOptions) {
    const auto once = applied(options, line);
    CAPTURE(name, seed, line, once);
    REQUIRE(applied(options, once) == once);
  }
}

TEST_CASE("normalize: says of ASCII whether it changed it", "[text][normalize]") {
  std::string upper = "Abc", lower = "abc";
  const Normalizer normalizer({NormalForm::nfkc, true});

  REQUIRE(normalizer.apply(upper));
  REQUIRE(!normalizer.apply(lower));
  REQUIRE(upper == "abc");
}
