#include "seq2seq/metrics/error_rate.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::metrics;

namespace {

Tokens random_tokens(std::mt19937_64& random, std::size_t longest) {
  Tokens tokens(random() % (longest + 1));
  for (auto& token : tokens) token = std::string(1, static_cast<char>('a' + random() % 3));
  return tokens;
}

/// The definition of Levenshtein's distance, in exponential time.
int64_t by_definition(const Tokens& a, const Tokens& b, std::size_t i, std::size_t j) {
  if (i == a.size() || j == b.size()) return static_cast<int64_t>(a.size() - i + b.size() - j);
  return std::min({by_definition(a, b, i + 1, j + 1) + (a[i] == b[j] ? 0 : 1), by_definition(a, b, i + 1, j) + 1,
                   by_definition(a, b, i, j + 1) + 1});
}

Tokens characters(const std::string& text) {
  Tokens tokens;
  for (const char character : text) tokens.emplace_back(1, character);
  return tokens;
}

}  // namespace

TEST_CASE("edit distance: equals its definition", "[metrics][error_rate][property]") {
  const auto seed = GENERATE(range(1u, 101u));
  std::mt19937_64 random(seed);
  const auto a = random_tokens(random, 6), b = random_tokens(random, 6);
  CAPTURE(seed, a, b);

  REQUIRE(edit_distance(a, b) == by_definition(a, b, 0, 0));
}

TEST_CASE("edit distance: of kitten and sitting is 3", "[metrics][error_rate]") {
  REQUIRE(edit_distance(characters("kitten"), characters("sitting")) ==
          3);  // Wagner and Fischer's example in every textbook
}

TEST_CASE("word error rate: equals jiwer's on real text", "[metrics][error_rate][witness]") {
  auto references = real_lines();
  for (auto& line : references) line = joined_words(line);  // jiwer cuts at spaces only
  std::mt19937_64 random(5);
  std::vector<std::string> hypotheses;
  for (const auto& line : references) hypotheses.push_back(perturbed(line, random));
  const TemporaryFolder folder;
  folder.file("hypotheses", joined(hypotheses));
  folder.file("references", joined(references));
  const auto output = run_witness("word_error_rate.py", folder.path());
  if (!output) {
    WARN("skipped: no witness jiwer");
    return;
  }
  double rate = 0;
  int64_t edits = 0, words = 0;
  std::istringstream(*output) >> rate >> edits >> words;

  References one_each;
  for (const auto& line : references) one_each.push_back({line});
  const auto rates = word_error_rates(hypotheses, one_each);

  REQUIRE(edits > 1000);
  REQUIRE(rates.edits == edits);
  REQUIRE(rates.reference_tokens == words);
  REQUIRE_THAT(rates.token_error_rate(), WithinAbs(rate, 1e-12));
}

TEST_CASE("error rates: an exact match is equality with any reference", "[metrics][error_rate]") {
  const auto rates = error_rates({{"a"}, {"b"}, {}}, {{{"x"}, {"a"}}, {{"x"}}, {{}}});

  REQUIRE(rates.exact == 2);
  REQUIRE_THAT(rates.exact_match(), WithinAbs(2.0 / 3, 1e-15));
  REQUIRE_THAT(rates.sequence_error_rate(), WithinAbs(1.0 / 3, 1e-15));
}

TEST_CASE("error rates: the nearest reference has the least edits for its length", "[metrics][error_rate]") {
  // 2 edits of 8 tokens and 1 of 2: the longer reference is nearer, although it needs more edits.
  const auto rates = error_rates({characters("abcdefgh")}, {{characters("abcdefxx"), characters("ab")}});
  REQUIRE(rates.edits == 2);
  REQUIRE(rates.reference_tokens == 8);

  const auto other = error_rates({characters("abc")}, {{characters("ab"), characters("abxxxx")}});
  REQUIRE(other.edits == 1);
  REQUIRE(other.reference_tokens == 2);
}

TEST_CASE("error rates: another reference never raises an error", "[metrics][error_rate][property]") {
  const auto seed = GENERATE(range(1u, 51u));
  std::mt19937_64 random(seed);
  const auto hypothesis = random_tokens(random, 8), first = random_tokens(random, 8), second = random_tokens(random, 8);
  CAPTURE(seed, hypothesis, first, second);
  const auto alone = error_rates({hypothesis}, {{first}}), both = error_rates({hypothesis}, {{first, second}});

  REQUIRE(both.sequence_error_rate() <= alone.sequence_error_rate());
  REQUIRE(both.edits * std::max<int64_t>(alone.reference_tokens, 1) <=
          alone.edits * std::max<int64_t>(both.reference_tokens, 1));
}

TEST_CASE("error rates: more inserted tokens than the reference has are more than one error a token",
          "[metrics][error_rate]") {
  REQUIRE_THAT(error_rates({characters("abc")}, {{characters("a")}}).token_error_rate(), WithinAbs(2.0, 0));
}

TEST_CASE("error rates: unequal numbers, no sequences and no reference are refused", "[metrics][error_rate][error]") {
  REQUIRE_THROWS_AS(error_rates({{"a"}}, {}), Error);
  REQUIRE_THROWS_AS(error_rates({}, {}), Error);
  REQUIRE_THROWS_WITH(error_rates({{"a"}, {"b"}}, {{{"a"}}, {}}), ContainsSubstring("sequence 2 has no reference"));
}
