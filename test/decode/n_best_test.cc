#include "seq2seq/decode/n_best.h"

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

using decode::Hypothesis;
using decode::n_best_line;

/// The fields of a line, split as a reader of the format would: the first and the last two; the rest is the text.
struct Fields {
  std::string sentence, text, features, score;
};

Fields read(const std::string& line) {
  const std::string separator = " ||| ";
  const size_t first = line.find(separator);
  const size_t last = line.rfind(separator);
  const size_t second_last = line.rfind(separator, last - 1);
  const size_t text = first + separator.size(), features = second_last + separator.size();
  return {line.substr(0, first), line.substr(text, second_last - text), line.substr(features, last - features),
          line.substr(last + separator.size())};
}

/// Returns an empty output with this score, that of the end symbol.
Hypothesis scored(double score) { return {.ids = {}, .token_scores = {score}, .score = score, .ranking_score = score}; }

}  // namespace

TEST_CASE("n-best list: a line has the fields of Moses", "[decode][n_best]") {
  const Hypothesis hypothesis{
      .ids = {3, 4}, .token_scores = {-0.25, -0.125, -0.145}, .score = -0.52, .ranking_score = -0.52};
  REQUIRE(n_best_line(7, "AH B", hypothesis, false) == "7 ||| AH B ||| logprob= -0.52 ||| -0.52");
  REQUIRE(n_best_line(0, "AH B", hypothesis, true) ==
          "0 ||| AH B ||| logprob= -0.52 tokens= -0.25 -0.125 -0.145 ||| -0.52");
}

TEST_CASE("n-best list: a cut hypothesis is marked", "[decode][n_best]") {
  const Hypothesis hypothesis{.ids = {3}, .token_scores = {-0.25}, .score = -0.25, .ranking_score = -0.25, .cut = true};
  REQUIRE(read(n_best_line(0, "AH", hypothesis, false)).features == "logprob= -0.25 cut= 1");
  REQUIRE(read(n_best_line(0, "AH", hypothesis, true)).features == "logprob= -0.25 tokens= -0.25 cut= 1");
}

TEST_CASE("n-best list: a text is read back, also an empty one and one with separators in it", "[decode][n_best]") {
  const std::string text = GENERATE("", "AH", "a ||| b", " ||| ", "||| |||");
  CAPTURE(text);
  const Fields fields = read(n_best_line(12, text, scored(-1), true));
  REQUIRE(fields.sentence == "12");
  REQUIRE(fields.text == text);
  REQUIRE(fields.score == "-1");
}

TEST_CASE("n-best list: numbers are read back to 9 digits, and zero has no sign", "[decode][n_best]") {
  const double score = GENERATE(-123.456789012345, -1e-9, -0.1, -98765.4321987, -3.0 / 7);
  CAPTURE(score);
  const Fields fields = read(n_best_line(0, "a", scored(score), true));
  REQUIRE_THAT(std::strtod(fields.score.c_str(), nullptr), WithinRel(score, 1e-8));
  std::istringstream features(fields.features);
  std::string name;
  double whole = 0, token = 0;
  features >> name >> whole >> name >> token;
  REQUIRE(whole == std::strtod(fields.score.c_str(), nullptr));
  REQUIRE(token == whole);
  REQUIRE(read(n_best_line(0, "", scored(-0.0), false)).score == "0");
}

TEST_CASE("n-best list: no text of bars and blanks can hide a field", "[decode][n_best][property]") {
  const std::string letters = "| a";
  constexpr int longest = 9;
  std::vector<std::string> texts{""};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string line = n_best_line(3, texts[i], scored(-1), true);
    const auto fields = decode::split_n_best(line);
    if (!fields || fields->text != texts[i] || fields->sentence != "3" || fields->score != "-1" ||
        fields->features != "logprob= -1 tokens= -1" || read(line).text != texts[i]) {
      FAIL("`" << texts[i] << "` is not read back");
    }
    if (texts[i].size() == longest) continue;
    for (const char letter : letters) texts.push_back(texts[i] + letter);
  }
  REQUIRE(texts.size() == 29524);  // 1 + 3 + ... + 3^9
}

TEST_CASE("n-best list: a line of fewer than four fields is none", "[decode][n_best][error]") {
  const std::string line =
      GENERATE("", "a", "0 ||| a", "0 ||| a ||| x= 1", " ||| ", "0 ||| ||| ||| 1", "0|||a|||x= 1|||2");
  CAPTURE(line);
  CHECK_FALSE(decode::split_n_best(line).has_value());
}

TEST_CASE("n-best list: a feature is added behind the others", "[decode][n_best]") {
  const auto [line, wanted] = GENERATE(table<std::string, std::string>({
      {"0 ||| a ||| lm= -1 2 ||| -3", "0 ||| a ||| lm= -1 2 new= -0.5 ||| -3"},
      {"0 ||| a |||  ||| -3", "0 ||| a ||| new= -0.5 ||| -3"},
  }));
  CHECK(decode::with_feature(line, *decode::split_n_best(line), "new", -0.5) == wanted);
  CHECK(decode::has_feature("a= 1 b= 2", "b"));
  CHECK(decode::has_feature("a= 1 b= 2", "a"));
  CHECK_FALSE(decode::has_feature("a= 1 ab= 2", "b"));
}

}  // namespace seq2seq::test
