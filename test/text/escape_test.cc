#include "seq2seq/text/escape.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/text/vocabulary.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::is_special;

namespace {

using Tokens = std::vector<std::string>;

const Tokens kTokens{"<unk>", "<s>",  "</s>", "\\<s>", "\\\\</s>", "\\\\\\<unk>",
                     "\\",    "\\\\", "<s",   "a",     "<s>a",     "\\a"};

Tokens random_tokens(unsigned seed) {
  std::mt19937_64 random(seed);
  Tokens tokens;
  for (int i = 0; i < 30; ++i) tokens.push_back(kTokens[random() % kTokens.size()]);
  return tokens;
}

}  // namespace

TEST_CASE("escape: escaped tokens hold no special symbol and come back as they were", "[text][escape][property]") {
  const auto seed = GENERATE(range(1u, 51u));
  const auto tokens = random_tokens(seed);
  auto escaped = tokens;
  CAPTURE(seed, tokens);

  REQUIRE(text::escape_special_symbols(escaped));
  REQUIRE(std::none_of(escaped.begin(), escaped.end(), is_special));
  REQUIRE(!text::find_special_symbol(escaped));
  text::unescape_special_symbols(escaped);
  REQUIRE(escaped == tokens);
}

TEST_CASE("escape: different tokens stay different", "[text][escape][property]") {
  auto escaped = kTokens;
  text::escape_special_symbols(escaped);
  std::sort(escaped.begin(), escaped.end());

  REQUIRE(std::adjacent_find(escaped.begin(), escaped.end()) == escaped.end());
}

TEST_CASE("escape: tokens that only resemble a special symbol stay as they are", "[text][escape]") {
  Tokens tokens{"a", "<S>", "s>", "\\", "<s>x", "\\n", ""};
  const auto before = tokens;

  REQUIRE(!text::escape_special_symbols(tokens));
  REQUIRE(tokens == before);
}

TEST_CASE("special symbols: factors do not hide them", "[text][escape]") {
  Tokens tokens{"<s>\uFFE8NN", "a\uFFE8<s>", "\\</s>\uFFE8VB\uFFE8x"};
  const auto before = tokens;
  CHECK(text::find_special_symbol(tokens) == 0);
  CHECK(text::escape_special_symbols(tokens));
  CHECK(tokens == Tokens{"\\<s>\uFFE8NN", "a\uFFE8<s>", "\\\\</s>\uFFE8VB\uFFE8x"});
  text::unescape_special_symbols(tokens);
  CHECK(tokens == before);
}

TEST_CASE("escape: the first token that is spelled like a special symbol is found", "[text][escape]") {
  REQUIRE(text::find_special_symbol({"a", "</s>", "<s>"}) == std::size_t{1});
  REQUIRE(!text::find_special_symbol({"a", "\\<s>"}));
  REQUIRE(!text::find_special_symbol({}));
}
