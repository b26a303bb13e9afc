#include "seq2seq/text/vocabulary.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::Vocabulary;
using text::VocabularyBuilder;

namespace {

std::vector<std::string> words_of(const Vocabulary& vocabulary) {
  std::vector<std::string> words;
  for (int64_t id = 0; id < vocabulary.size(); ++id) words.push_back(vocabulary.word(id));
  return words;
}

VocabularyBuilder counted(const std::map<std::string, int>& counts) {
  VocabularyBuilder builder;
  for (const auto& [word, count] : counts) {
    for (int i = 0; i < count; ++i) builder.add(word);
  }
  return builder;
}

/// Returns the error of `load` for a file of these bytes, without the folder; empty if it succeeds.
std::string fault_of_vocabulary(const std::string& bytes) {
  const TemporaryFolder folder;
  try {
    Vocabulary::load(folder.file("words", bytes));
    return {};
  } catch (const FormatError& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
}

const std::string kHeader = "# seq2seq vocabulary 1\n";

}  // namespace

TEST_CASE("vocabulary: ids go by count, equal counts by bytes, after the specials", "[text][vocabulary]") {
  const auto vocabulary = counted({{"b", 2}, {"a", 2}, {"z", 5}, {"é", 2}}).build({});

  REQUIRE(words_of(vocabulary) == std::vector<std::string>{"<unk>", "<s>", "</s>", "z", "a", "b", "é"});
  REQUIRE(vocabulary.id("a") == 4);
  REQUIRE(vocabulary.count(3) == 5);
}

TEST_CASE("vocabulary: keeps the most frequent words, and none below the minimum", "[text][vocabulary]") {
  const auto builder = counted({{"a", 4}, {"b", 3}, {"c", 2}, {"d", 1}});

  REQUIRE(words_of(builder.build({.size = 2})) == std::vector<std::string>{"<unk>", "<s>", "</s>", "a", "b"});
  REQUIRE(builder.build({.size = 0, .minimum_count = 2}).words().size() == 3);
}

TEST_CASE("vocabulary: a word that is not there is unknown", "[text][vocabulary]") {
  REQUIRE(counted({{"a", 1}}).build({}).id("b") == text::unknown_id);
}

TEST_CASE("vocabulary: a text's word that is spelled like a special is unknown, never the special",
          "[text][vocabulary]") {
  const std::string word = GENERATE("<unk>", "<s>", "</s>");
  const auto vocabulary = counted({{word, 9}, {"a", 1}}).build({});

  REQUIRE(vocabulary.id(word) == text::unknown_id);
  REQUIRE(vocabulary.words().size() == 1);
}

TEST_CASE("vocabulary: the file of a vocabulary reads back to the same", "[text][vocabulary][property]") {
  const auto seed = GENERATE(range(1u, 6u));
  std::mt19937_64 random(seed);
  VocabularyBuilder builder;
  for (int i = 0; i < 2000; ++i) builder.add("wörd" + std::to_string(random() % 300));
  const auto vocabulary = builder.build({});
  const TemporaryFolder folder;

  const auto read = Vocabulary::load(folder.file("words", vocabulary.serialize()));

  REQUIRE(read.serialize() == vocabulary.serialize());
  REQUIRE(words_of(read) == words_of(vocabulary));
}

TEST_CASE("vocabulary: a file keeps its order, for a hand may have changed it", "[text][vocabulary]") {
  const TemporaryFolder folder;
  const auto vocabulary = Vocabulary::load(folder.file("words", kHeader + "rare\t0\noften\t7"));

  REQUIRE(vocabulary.id("rare") == 3);
  REQUIRE(vocabulary.count(vocabulary.id("often")) == 7);
}

TEST_CASE("vocabulary: every fault of a file is told with file, line and column", "[text][vocabulary][error]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"", "words:1:1: `` is not a header"},
      {"a\t1\n", "words:1:1: `a\\t1` is not a header"},
      {"# seq2seq vocabulary 2\na\t1\n", "words:1:1: format version `2`"},
      {"\xEF\xBB\xBF" + kHeader, "words:1:1: begins with a byte order mark"},
      {"# seq2seq vocabulary 1\r\na\t1\r\n", "words:1:1: has Windows line ends"},
      {kHeader + "a\t1\nb\t2\r\n", "words:3:4: a Windows line end"},
      {kHeader + "a\t1\nb\n", "words:3:1: `b` has no count"},
      {kHeader + "a\tmany\n", "words:2:3: `many` is not a count"},
      {kHeader + "a\t-1\n", "words:2:3: `-1` is not a count"},
      {kHeader + "a\t1 \n", "words:2:3: `1 ` is not a count"},
      {kHeader + "a\t99999999999999999999\n", "words:2:3: `99999999999999999999` is not a count"},
      {kHeader + "a\t1\nb\t1\na\t3\n", "words:4:1: duplicate word `a`, first on line 2"},
      {kHeader + "</s>\t1\n", "words:2:1: `</s>` is a special symbol"},
      {kHeader + "\t1\n", "words:2:1: a word is missing"},
      {kHeader + "\n", "words:2:1: `` has no count"},
      {kHeader + "a b\t1\n", "words:2:1: `a b` contains whitespace"},
      {kHeader + "a\tb\t1\n", "words:2:1: `a\\tb` contains whitespace"},
      {kHeader + "a\xC3\t1\n", "words:2:2: byte 0xC3 begins an incomplete character"},
  }));
  CAPTURE(bytes);

  REQUIRE_THAT(fault_of_vocabulary(bytes), Catch::Matchers::StartsWith(message));
}

TEST_CASE("vocabulary: all lines at fault are named at once", "[text][vocabulary][error]") {
  REQUIRE_THAT(fault_of_vocabulary(kHeader + "a\nb\t1\nc\nd\n"),
               ContainsSubstring("words:2:1") && ContainsSubstring("invalid lines: 4, 5"));
}

TEST_CASE("vocabulary: a file that is not there is named", "[text][vocabulary][error]") {
  REQUIRE_THROWS_WITH(Vocabulary::load("/nowhere/words"), ContainsSubstring("/nowhere/words"));
}

TEST_CASE("vocabulary: words made by hand are checked too", "[text][vocabulary][error]") {
  REQUIRE_THROWS_AS(Vocabulary({{"a", 1}, {"a", 1}}), Error);
  REQUIRE_THROWS_AS(Vocabulary({{"<s>", 1}}), Error);
}
