#include "seq2seq/config/nearest.h"

#include <string>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq::config {

TEST_CASE("nearest: the word with the fewest edits, a swap of neighbours being one", "[config][nearest]") {
  const std::vector<std::string> known{"learning_rate", "beta1", "beta2", "epochs", "kind"};
  const auto [word, found] = GENERATE(table<std::string, std::string>({
      {"learning_rat", "learning_rate"},
      {"lerning_rate", "learning_rate"},
      {"learningrate", "learning_rate"},
      {"epcohs", "epochs"},
      {"knid", "kind"},
      {"kidn", "kind"},
      {"beta3", "beta1"},  // the first of equally near ones
      {"epochs", "epochs"},
      {"KIND", "kind"},
  }));
  CAPTURE(word);
  REQUIRE(nearest(word, known) == found);
}

TEST_CASE("nearest: upper and lower case are equal, on both sides", "[config][nearest]") {
  REQUIRE(nearest("AdamW", {"sgd", "adam", "adamw"}) == "adamw");
  REQUIRE(nearest("LSTM", {"gru", "lstm"}) == "lstm");
  REQUIRE(nearest("lstm", {"GRU", "LSTM"}) == "LSTM");
  REQUIRE(without_case("ÄBc-1") == "Äbc-1");
}

TEST_CASE("nearest: a larger share is stricter", "[config][nearest]") {
  REQUIRE(nearest("input", {"output"}, /*share=*/3).empty());
  REQUIRE(nearest("src", {"set"}, /*share=*/3).empty());
  REQUIRE(nearest("beem", {"beam"}, /*share=*/3) == "beam");
}

TEST_CASE("nearest: more than half of the word wrong is no neighbour", "[config][nearest]") {
  REQUIRE(nearest("abcd", {"abxy"}) == "abxy");
  REQUIRE(nearest("abcd", {"axyz"}).empty());
  REQUIRE(nearest("", {"a"}).empty());
  REQUIRE(nearest("x", {"y"}).empty());
  REQUIRE(nearest(std::string(5000000, 'x'), {"kind"}).empty());
}

}  // namespace seq2seq::config
